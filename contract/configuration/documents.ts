import Type, { type Static } from 'typebox'
import { parserOf } from '../validation.ts'
import { RawEntity } from './reading.ts'

/**
 * The format of head, snapshot and delta. Raised only when a data plane of the previous release could misread
 * them; a document of another format is refused whole.
 */
export const CONFIGURATION_FORMAT = 1

/** How often the head is signed anew when nothing changes, so that an old one is seen to be old. */
export const headRenewalMs = 3_000

const closed = { additionalProperties: false } as const
const Format = Type.Literal(CONFIGURATION_FORMAT)
const Id = Type.String({ minLength: 1, maxLength: 128 })
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' })
/** The lineage of the database: a restore from a backup begins a new, higher one. */
const Epoch = Type.Integer({ minimum: 1 })
/** Strictly increasing within an epoch, in commit order. */
const Revision = Type.Integer({ minimum: 1 })

/**
 * What the control plane states, signed, every few seconds: this is the configuration now. The hash is the root
 * over all entities, so that it vouches for snapshot and deltas too.
 */
export const Head = Type.Object(
  {
    format: Format,
    organizationId: Id,
    epoch: Epoch,
    revision: Revision,
    hash: Hash,
    /** Milliseconds since the epoch; an old head is a frozen Redis. */
    issuedAt: Type.Integer({ minimum: 0 }),
    /** Ids of virtual keys revoked lately: they are refused even by a data plane that cannot apply this revision. */
    revoked: Type.Array(Id),
  },
  closed,
)

/** All entities at one revision, sorted by key; how each is read says `reading.ts`. */
export const Snapshot = Type.Object(
  {
    format: Format,
    organizationId: Id,
    epoch: Epoch,
    revision: Revision,
    hash: Hash,
    entities: Type.Array(RawEntity),
  },
  closed,
)

/** What one revision changed. */
export const Delta = Type.Object(
  {
    format: Format,
    organizationId: Id,
    epoch: Epoch,
    revision: Revision,
    /** The root after this delta. */
    hash: Hash,
    upserts: Type.Array(RawEntity),
    /** Entity keys, `kind/id`. */
    removals: Type.Array(Type.String({ pattern: '^[a-z_]+/.+$' })),
  },
  closed,
)

/** What a data plane may know in clear, sealed to its key (JWE) and signed inside. Never in the snapshot. */
export const Credentials = Type.Object(
  {
    format: Format,
    organizationId: Id,
    dataPlaneId: Id,
    epoch: Epoch,
    /** The revision these credentials were complete for. */
    revision: Revision,
    /** Base64 of the 32 bytes under which virtual keys are hashed. */
    pepper: Type.String(),
    /** Provider secrets by `credentialId`. */
    secrets: Type.Record(Type.String(), Type.String()),
  },
  closed,
)

export type Head = Static<typeof Head>
export type Snapshot = Static<typeof Snapshot>
export type Delta = Static<typeof Delta>
export type Credentials = Static<typeof Credentials>

export const parseHead = parserOf('head', Head)
export const parseSnapshot = parserOf('snapshot', Snapshot)
export const parseDelta = parserOf('delta', Delta)
export const parseCredentials = parserOf('credentials', Credentials)

/** Where a configuration stands; a higher epoch wins, then a higher revision. */
export interface Version {
  readonly epoch: number
  readonly revision: number
}

export function compareVersions(a: Version, b: Version): number {
  return a.epoch - b.epoch || a.revision - b.revision
}
