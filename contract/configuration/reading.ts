import Type, { type Static, type TObject } from 'typebox'
import { Compile } from 'typebox/compile'
import { ContractViolation, describeViolation } from '../validation.ts'
import {
  Budget,
  BusinessUnit,
  ClientConfiguration,
  Customer,
  DataPlane,
  type Entity,
  type EntityKind,
  keyOf,
  Model,
  Organization,
  Plugin,
  Provider,
  ProviderKey,
  RequestLimit,
  Role,
  Team,
  TokenHolder,
  TokenIssuer,
  User,
  VirtualKey,
} from './entities.ts'
import { type HeldBack, holdBack } from './held-back.ts'

/*
 * How a data plane reads entities of a later release. What it does not know may be a restriction, and a restriction that
 * is skipped is a hole. Therefore:
 *
 * - What may be skipped, the entity says itself, in `advisory`: `true` of an entity whose kind is not known, or the names
 *   of members that are not known. The configuration's hash covers this like the rest. What a release knows it never skips.
 * - An entity without which less is allowed (a key, a user, a role, a provider, its credential, a model) is held back when it
 *   cannot be read whole: what needs it is refused, the rest of the revision applies.
 * - Anything else that cannot be read refuses the revision.
 */

/** An entity as it travels, of any release. */
export const RawEntity = Type.Object({
  kind: Type.String({ pattern: '^[a-z][a-z_]{0,63}$' }),
  id: Type.String({ minLength: 1, maxLength: 128 }),
  advisory: Type.Optional(Type.Union([Type.Literal(true), Type.Array(Type.String(), { maxItems: 64 })])),
})
export type RawEntity = Static<typeof RawEntity>

export interface Reading {
  /** As this release knows it; undefined when it cannot be served. The raw one itself unless something was skipped. */
  readonly entity: Entity | undefined
  /** What was skipped, by `kind` or `kind.member`. */
  readonly ignored: readonly string[]
  readonly heldBack: HeldBack | undefined
}

const schemas: Readonly<Record<EntityKind, TObject>> = {
  organization: Organization,
  customer: Customer,
  business_unit: BusinessUnit,
  team: Team,
  user: User,
  virtual_key: VirtualKey,
  provider: Provider,
  provider_key: ProviderKey,
  model: Model,
  budget: Budget,
  request_limit: RequestLimit,
  client_configuration: ClientConfiguration,
  plugin: Plugin,
  data_plane: DataPlane,
  token_issuer: TokenIssuer,
  token_holder: TokenHolder,
  role: Role,
}

interface Reader {
  readonly members: ReadonlySet<string>
  isWhole(document: RawEntity): document is Entity
  /** What is wrong and where, for an operator. */
  problemOf(document: RawEntity): string
}

const readers = new Map(Object.entries(schemas).map(([kind, schema]) => [kind, readerOf(schema)]))
const nothing: readonly string[] = Object.freeze([])

/** @throws ContractViolation when it refuses the revision. */
export function readEntity(raw: RawEntity): Reading {
  const reader = readers.get(raw.kind)
  if (!reader) return skipUnknownKind(raw)
  if (reader.isWhole(raw)) return { entity: raw, ignored: nothing, heldBack: undefined }
  const { known, skipped } = withoutAdvisory(raw, reader.members)
  const ignored = skipped.map((member) => `${raw.kind}.${member}`)
  if (reader.isWhole(known)) return { entity: known, ignored, heldBack: undefined }
  const problem = `${keyOf(raw)} cannot be read by this release: ${reader.problemOf(known)}`
  const heldBack = holdBack(raw, problem)
  if (heldBack) return { entity: undefined, ignored: nothing, heldBack }
  throw new ContractViolation(problem)
}

function skipUnknownKind(raw: RawEntity): Reading {
  if (raw.advisory === true) return { entity: undefined, ignored: [raw.kind], heldBack: undefined }
  throw new ContractViolation(`${keyOf(raw)} is of a kind that this release does not know`)
}

function withoutAdvisory({ advisory, ...raw }: RawEntity, members: ReadonlySet<string>) {
  const named = new Set(advisory === true ? [] : advisory)
  const skipped = Object.keys(raw).filter((member) => named.has(member) && !members.has(member))
  const known = Object.fromEntries(Object.entries(raw).filter(([member]) => !skipped.includes(member)))
  return { known: known as unknown as RawEntity, skipped }
}

function readerOf(schema: TObject): Reader {
  const validator = Compile(schema)
  return {
    members: new Set(Object.keys(schema.properties)),
    isWhole: (document): document is Entity => validator.Check(document),
    problemOf: (document) => describeViolation(validator.Errors(document)),
  }
}
