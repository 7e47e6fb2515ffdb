import Type, { type Static } from 'typebox'
import { NodeReported } from './events.ts'
import { type KeyLookup, open, type Signers, type SigningKey, seal, sealWithSuccession } from './signed.ts'
import { parserOf } from './validation.ts'

/*
 * The second way of the configuration: a data plane that hears nothing of the store between the planes asks the
 * control plane itself, and tells it in the same breath what it runs. The answer is a bundle; it comes at once when
 * there is something newer than the data plane was offered, else after a while with a newly signed head.
 */

const closed = { additionalProperties: false } as const
const Id = Type.String({ minLength: 1, maxLength: 128 })
const Version = Type.Object(
  { epoch: Type.Integer({ minimum: 0 }), revision: Type.Integer({ minimum: 0 }) },
  closed,
)
const OptionalVersion = Type.Union([Version, Type.Null()])

const { type: _type, plugins: _plugins, ...standing } = NodeReported.properties

/** What a data plane runs, or why it does not run what it was offered: a report without what seldom changes. */
export const NodeStanding = Type.Object(standing, closed)

/** `POST /data-planes/<organization>/<data plane>/configuration`, signed by the data plane. */
export const ConfigurationPoll = Type.Object(
  {
    format: Type.Literal(1),
    organizationId: Id,
    dataPlaneId: Id,
    /** Milliseconds since the epoch; an old poll is refused. */
    issuedAt: Type.Integer({ minimum: 0 }),
    /** What the deltas are to lead on from; null asks for a snapshot. */
    from: OptionalVersion,
    /** Up to which version it was given the documents already; null: none. */
    offered: OptionalVersion,
    needsCredentials: Type.Boolean(),
    /** Null from somebody who asks in a data plane's name without being it. */
    standing: Type.Union([NodeStanding, Type.Null()]),
  },
  closed,
)

/** The control plane's word, signed, that a data plane was revoked: a configuration that names it no more is not for it to read. */
export const RevocationNotice = Type.Object(
  { format: Type.Literal(1), organizationId: Id, dataPlaneId: Id },
  closed,
)

export type RevocationNotice = Static<typeof RevocationNotice>
export type NodeStanding = Static<typeof NodeStanding>
export type ConfigurationPoll = Static<typeof ConfigurationPoll>

const parsePoll = parserOf('configuration poll', ConfigurationPoll)

export const parseRevocationNotice = parserOf('revocation notice', RevocationNotice)

export const configurationPollRoute = '/data-planes/:organizationId/:dataPlaneId/configuration'

export function configurationPollPath(organizationId: string, dataPlaneId: string): string {
  const [organization, dataPlane] = [organizationId, dataPlaneId].map(encodeURIComponent)
  return `/data-planes/${organization}/${dataPlane}/configuration`
}

/** How long an answer is held back while there is nothing newer. */
export const pollHoldMs = 2_500
/** How far the clocks of the planes may be apart. */
export const pollClockSkewMs = 60_000

export function sealPoll(poll: ConfigurationPoll, key: SigningKey): string {
  return seal('gatehouse/config-poll', JSON.stringify(poll), key)
}

/**
 * @throws SignatureRefused when no known data plane signed it
 * @throws ContractViolation when what it signed is no poll
 */
export function openPoll(text: string, keys: KeyLookup): ConfigurationPoll {
  return parsePoll(open('gatehouse/config-poll', text, keys).payload)
}

export function sealRevocationNotice(notice: RevocationNotice, signers: Signers): string {
  return sealWithSuccession('gatehouse/data-plane-revoked', JSON.stringify(notice), signers)
}

/** The body of the answer 403 to a data plane that was revoked. */
export const RevokedAnswer = Type.Object({ error: Type.Unknown(), notice: Type.String() })
export const parseRevokedAnswer = parserOf('answer to a revoked data plane', RevokedAnswer)
