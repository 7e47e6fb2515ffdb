import { type KeyObject, sign as signBytes, verify as verifyBytes } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'

/** What a signature speaks about; a document signed for one purpose is refused for every other. */
export type PayloadType =
  | 'gatehouse/budget-holdings'
  | 'gatehouse/config-head'
  | 'gatehouse/config-poll'
  | 'gatehouse/credentials'
  | 'gatehouse/data-plane-revoked'
  | 'gatehouse/events'
  | 'gatehouse/events-confirmation'
  | 'gatehouse/intents'
  | 'gatehouse/lease-request'
  | 'gatehouse/lease-reply'
  | 'gatehouse/signing-keys'

/** A DSSE envelope (github.com/secure-systems-lab/dsse) with Ed25519 signatures. */
export const Envelope = Type.Object(
  {
    payloadType: Type.String(),
    /** Base64 of the payload's bytes. */
    payload: Type.String(),
    signatures: Type.Array(
      Type.Object({
        keyid: Type.String(),
        sig: Type.String(),
        /** How this key came to be believed, oldest statement first: see key-set.ts. Earlier releases leave it unread. */
        succession: Type.Optional(Type.Array(Type.String())),
      }),
      { minItems: 1, maxItems: 4 },
    ),
  },
  { additionalProperties: false },
)
export type Envelope = Static<typeof Envelope>

const envelopeValidator = Compile(Envelope)

export interface SigningKey {
  readonly id: string
  readonly privateKey: KeyObject
}

/** Finds the Ed25519 public key of a key id, or nothing when the signer is not known. */
export type KeyLookup = (keyId: string) => KeyObject | undefined

export class SignatureRefused extends Error {
  override readonly name = 'SignatureRefused'
}

/** Who signs: one key, or two while one takes the place of the other. */
export interface Signers {
  readonly keys: readonly SigningKey[]
  /** The statements that lead from the first key ever to these. */
  readonly succession: readonly string[]
}

/** Signs `payload` for one purpose; the answer is the envelope's JSON. */
export function seal(type: PayloadType, payload: string, key: SigningKey): string {
  return sealBy(type, payload, [key])
}

/** As {@link seal}, by every key that is believed now. */
export function sealByAll(type: PayloadType, payload: string, { keys }: Signers): string {
  return sealBy(type, payload, keys)
}

/** As {@link sealByAll}, for whoever may have missed how these keys came to be believed. */
export function sealWithSuccession(
  type: PayloadType,
  payload: string,
  { keys, succession }: Signers,
): string {
  return sealBy(type, payload, keys, succession)
}

function sealBy(
  type: PayloadType,
  payload: string,
  keys: readonly SigningKey[],
  succession: readonly string[] = [],
): string {
  const bytes = Buffer.from(payload)
  const signed = preAuthEncoding(type, bytes)
  const signatures = keys.map(({ id: keyid, privateKey }, index) => ({
    keyid,
    sig: signBytes(null, signed, privateKey).toString('base64'),
    ...(index === 0 && succession.length > 0 && { succession }),
  }))
  // Written out, not stringified: a batch of events is long, and base64 needs no escapes.
  return `{"payloadType":"${type}","payload":"${bytes.toString('base64')}","signatures":${JSON.stringify(signatures)}}`
}

/** The statements that an envelope carries, which nothing vouches for but their own signatures. */
export function successionOf(envelopeJson: string): readonly string[] {
  return parseEnvelope(envelopeJson).signatures.flatMap(({ succession }) => succession ?? [])
}

/**
 * The payload of an envelope, once one of its signatures is known to be good.
 *
 * @throws SignatureRefused on anything but a whole envelope of this type by a known signer.
 */
export function open(
  type: PayloadType,
  envelopeJson: string,
  keys: KeyLookup,
): { payload: string; keyId: string } {
  const envelope = parseEnvelope(envelopeJson)
  if (envelope.payloadType !== type) {
    throw new SignatureRefused(`expected a ${type}, got a ${envelope.payloadType}`)
  }
  const bytes = Buffer.from(envelope.payload, 'base64')
  for (const { keyid, sig } of envelope.signatures) {
    const key = keys(keyid)
    if (key && verifyBytes(null, preAuthEncoding(type, bytes), key, Buffer.from(sig, 'base64'))) {
      return { payload: bytes.toString('utf8'), keyId: keyid }
    }
  }
  const signers = envelope.signatures.map(({ keyid }) => keyid).join(', ')
  throw new SignatureRefused(`no valid signature by a known key (signed by ${signers})`)
}

function parseEnvelope(json: string): Envelope {
  let document: unknown
  try {
    document = JSON.parse(json)
  } catch {
    throw new SignatureRefused('not a signed envelope: invalid JSON')
  }
  if (envelopeValidator.Check(document)) return document
  throw new SignatureRefused('not a signed envelope')
}

/** DSSE's PAE, which binds the type to the bytes. */
function preAuthEncoding(type: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `
  return Buffer.concat([Buffer.from(head), payload])
}
