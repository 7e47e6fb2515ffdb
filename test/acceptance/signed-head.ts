import { type KeyObject, sign } from 'node:crypto'

/** A head as it lies in Redis: a DSSE envelope (github.com/secure-systems-lab/dsse) around JSON. */
export interface SignedHead {
  readonly payloadType: string
  /** Base64. */
  readonly payload: string
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[]
}

export interface HeadStatement {
  readonly organizationId: string
  readonly epoch: number
  readonly revision: number
  readonly hash: string
}

export function readStatement(envelope: string): HeadStatement {
  const { payload }: SignedHead = JSON.parse(envelope)
  return JSON.parse(Buffer.from(payload, 'base64').toString('utf8'))
}

/** Another statement in the place of the envelope's own, signed by `key`, which need not be whose id it bears. */
export function forge(envelope: string, changes: object, key: KeyObject, keyid?: string): string {
  const genuine: SignedHead = JSON.parse(envelope)
  const payload = Buffer.from(JSON.stringify({ ...readStatement(envelope), ...changes }))
  const { payloadType } = genuine
  const prefix = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `
  const sig = sign(null, Buffer.concat([Buffer.from(prefix), payload]), key).toString('base64')
  const signer = keyid ?? genuine.signatures[0]?.keyid ?? ''
  const forged: SignedHead = {
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: signer, sig }],
  }
  return JSON.stringify(forged)
}
