import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { VirtualKey as VirtualKeyEntity } from '../../../contract/configuration/entities.ts'
import { BadUserInput } from '../../graphql/errors.ts'

const prefix = 'sk-gh-'
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const bodyLength = 43
const checksumLength = 6

/** A new secret: 32 random bytes and a checksum, by which a scanner tells a leaked key from other text. */
export function makeSecret(): string {
  const body = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), bodyLength)
  return `${prefix}${body}${base62(BigInt(crc32(`${prefix}${body}`)), checksumLength)}`
}

/** @throws BadUserInput unless the text can travel in a header: 16 to 512 printable ASCII characters, no space. */
export function checkImportedSecret(secret: string): string {
  if (/^[\x21-\x7e]{16,512}$/.test(secret)) return secret
  throw new BadUserInput('secret', 'must have 16 to 512 printable ASCII characters and no space')
}

/** The digests under which a key is found: one, or two while a rotation overlaps. */
export type SecretDigests = VirtualKeyEntity['secretDigests']

/** The digests of these keys, by key, the current one first. */
export async function listDigests(
  em: EntityManager,
  virtualKeyIds: readonly string[],
): Promise<ReadonlyMap<string, SecretDigests>> {
  const rows = await em.execute<{ keyId: string; digest: string; expiresAt: number | null }[]>(
    `select virtual_key_id as "keyId", digest, round(extract(epoch from expires_at) * 1000)::float8 as "expiresAt"
     from virtual_key_secrets where virtual_key_id in (select jsonb_array_elements_text(?::jsonb))
     order by expires_at desc nulls first`,
    [JSON.stringify(virtualKeyIds)],
  )
  const digests = new Map<string, SecretDigests>()
  for (const { keyId, digest, expiresAt } of rows) {
    digests.set(keyId, [...(digests.get(keyId) ?? []), { digest, expiresAt }])
  }
  return digests
}

export async function addDigest(
  em: EntityManager,
  key: { readonly organizationId: string; readonly id: string },
  digest: string,
): Promise<void> {
  await em.execute('insert into virtual_key_secrets (org_id, digest, virtual_key_id) values (?, ?, ?)', [
    key.organizationId,
    digest,
    key.id,
  ])
}

/** Lets the current secret end at `expiresAt`, and whatever preceded it at once. */
export async function retireDigests(em: EntityManager, virtualKeyId: string, expiresAt: Date): Promise<void> {
  await em.execute('delete from virtual_key_secrets where virtual_key_id = ? and expires_at is not null', [
    virtualKeyId,
  ])
  await em.execute('update virtual_key_secrets set expires_at = ? where virtual_key_id = ?', [
    expiresAt,
    virtualKeyId,
  ])
}

export async function removeDigests(em: EntityManager, virtualKeyId: string): Promise<void> {
  await em.execute('delete from virtual_key_secrets where virtual_key_id = ?', [virtualKeyId])
}

function base62(value: bigint, length: number): string {
  let rest = value
  let text = ''
  for (let index = 0; index < length; index++) {
    text = digits.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text
}
