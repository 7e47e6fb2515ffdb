import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

/** Where a sealed value lives. It is bound to that place: moved anywhere else, it does not open. */
export interface SealedPlace {
  readonly organizationId: string
  readonly entity: string
  readonly field: string
  readonly id: string
}

/** A sealed value could not be opened: another master key, another place, or altered bytes. */
export class SealedValueRefused extends Error {
  override readonly name = 'SealedValueRefused'
}

const format = 'gh1'
const cipher = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16

/**
 * Envelope encryption: the value under a fresh key of its own, that key under the master key, both AES-256-GCM
 * with the place as additional data.
 *
 * @returns `gh1.<master key id>.<wrapped key>.<value>`, each part base64url of IV, ciphertext and tag.
 */
export function sealUnder(masterKey: Buffer, place: SealedPlace, plaintext: Buffer): string {
  const dataKey = randomBytes(32)
  const aad = additionalData(place)
  const wrappedKey = encrypt(masterKey, aad, dataKey)
  const value = encrypt(dataKey, aad, plaintext)
  return [format, masterKeyId(masterKey), wrappedKey, value].join('.')
}

/** @throws SealedValueRefused */
export function openUnder(masterKey: Buffer, place: SealedPlace, sealed: string): Buffer {
  const [version, keyId, wrappedKey, value, ...rest] = sealed.split('.')
  if (version !== format || !keyId || !wrappedKey || !value || rest.length > 0) {
    throw new SealedValueRefused(`${nameOf(place)} is not a sealed value of format ${format}`)
  }
  const expected = masterKeyId(masterKey)
  if (keyId !== expected) {
    throw new SealedValueRefused(
      `${nameOf(place)} was sealed under master key ${keyId}, the configured one is ${expected}`,
    )
  }
  try {
    const aad = additionalData(place)
    return decrypt(decrypt(masterKey, aad, wrappedKey), aad, value)
  } catch {
    throw new SealedValueRefused(`${nameOf(place)} was altered or belongs to another place`)
  }
}

/** Tells master keys apart without telling anything about them. */
export function masterKeyId(masterKey: Buffer): string {
  return createHmac('sha256', masterKey).update('gatehouse/master-key-id').digest('hex').slice(0, 12)
}

function encrypt(key: Buffer, aad: Buffer, plaintext: Buffer): string {
  const iv = randomBytes(ivBytes)
  const encryption = createCipheriv(cipher, key, iv).setAAD(aad)
  const ciphertext = Buffer.concat([encryption.update(plaintext), encryption.final()])
  return Buffer.concat([iv, ciphertext, encryption.getAuthTag()]).toString('base64url')
}

function decrypt(key: Buffer, aad: Buffer, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  const decryption = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
    .setAAD(aad)
    .setAuthTag(bytes.subarray(-tagBytes))
  return Buffer.concat([decryption.update(bytes.subarray(ivBytes, -tagBytes)), decryption.final()])
}

/** JSON keeps the parts apart: no id can borrow characters from its neighbour. */
function additionalData({ organizationId, entity, field, id }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([format, organizationId, entity, field, id]))
}

function nameOf({ entity, field, id }: SealedPlace): string {
  return `${entity}.${field} of ${id}`
}
