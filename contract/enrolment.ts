import Type, { type Static } from 'typebox'
import { checkerOf, parserOf } from './validation.ts'

/*
 * A data plane enrols once, over HTTP, with a one-time token. It brings its public keys and receives the key that
 * it pins; its credentials come sealed to it. Afterwards it asks the control plane only while the store is silent.
 */

const closed = { additionalProperties: false } as const
const Jwk = Type.Record(Type.String(), Type.Unknown())

/** `POST /data-planes/enrol` */
export const EnrolmentRequest = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: 512 }),
    /** What the fleet view shows. */
    name: Type.String({ minLength: 1, maxLength: 128 }),
    version: Type.String({ maxLength: 64 }),
    /** Ed25519: verifies what this data plane sends. */
    signingKey: Jwk,
    /** X25519: what this data plane may know is encrypted to it (ECDH-ES + A256GCM). */
    sealingKey: Jwk,
  },
  closed,
)

export const EnrolmentResponse = Type.Object(
  {
    dataPlaneId: Type.String(),
    organizationId: Type.String(),
    /** The control plane's Ed25519 key and its id, whose thumbprint the token named. */
    signingKeyId: Type.String(),
    signingKey: Jwk,
    /** The sealed credentials, as they are later read from the configuration channel. */
    credentials: Type.String(),
  },
  closed,
)

export type EnrolmentRequest = Static<typeof EnrolmentRequest>
export type EnrolmentResponse = Static<typeof EnrolmentResponse>

export const checkEnrolmentRequest = checkerOf('enrolment request', EnrolmentRequest)
export const parseEnrolmentResponse = parserOf('enrolment response', EnrolmentResponse)

export const enrolmentPath = '/data-planes/enrol'

/** `ghe.<organization id>.<secret>.<thumbprint of the control plane's signing key (RFC 7638)>` */
export interface EnrolmentToken {
  readonly organizationId: string
  readonly secret: string
  readonly thumbprint: string
}

export function formatEnrolmentToken({ organizationId, secret, thumbprint }: EnrolmentToken): string {
  return ['ghe', organizationId, secret, thumbprint].join('.')
}

export function parseEnrolmentToken(text: string): EnrolmentToken | undefined {
  const [prefix, organizationId, secret, thumbprint, ...rest] = text.split('.')
  if (prefix !== 'ghe' || !organizationId || !secret || !thumbprint || rest.length > 0) return undefined
  return { organizationId, secret, thumbprint }
}
