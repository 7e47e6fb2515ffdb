import Type, { type Static } from 'typebox'
import { Model } from './models.ts'
import { AllowList, closed, Id, Networks, Nullable, StalenessSeconds, Timestamp } from './parts.ts'
import { Role } from './roles.ts'
import { TokenHolder, TokenIssuer } from './tokens.ts'
import { User } from './users.ts'

export { Model } from './models.ts'
export { type HeldRole, Role } from './roles.ts'
export { TokenHolder, TokenIssuer } from './tokens.ts'
export { User, type UserAccess } from './users.ts'

/*
 * The configuration of one organization is a set of entities: flat documents that refer to each other by id.
 * The control plane derives them from its rows; a data plane compiles them into lookup tables.
 */

export const Organization = Type.Object(
  { kind: Type.Literal('organization'), id: Id, name: Type.String() },
  closed,
)

export const Customer = Type.Object(
  { kind: Type.Literal('customer'), id: Id, workspaceId: Id, name: Type.String() },
  closed,
)

export const BusinessUnit = Type.Object(
  { kind: Type.Literal('business_unit'), id: Id, workspaceId: Id, customerId: Id, name: Type.String() },
  closed,
)

export const Team = Type.Object(
  {
    kind: Type.Literal('team'),
    id: Id,
    workspaceId: Id,
    customerId: Nullable(Id),
    businessUnitId: Nullable(Id),
    name: Type.String(),
  },
  closed,
)

export const ProviderConfig = Type.Object(
  {
    id: Id,
    providerId: Id,
    /** Share of the calls that name no provider; null takes part only when it is named or the last one left. */
    weight: Nullable(Type.Number({ exclusiveMinimum: 0 })),
    /** Also `regex:` entries, see `contract/model-lists.ts`. */
    allowedModels: AllowList,
    /** Names and `regex:` entries that are refused whatever `allowedModels` says; absent: none. */
    blockedModels: Type.Optional(AllowList),
    providerKeyIds: AllowList,
    /** Absent: true. */
    active: Type.Optional(Type.Boolean()),
  },
  closed,
)

export const VirtualKey = Type.Object(
  {
    kind: Type.Literal('virtual_key'),
    id: Id,
    workspaceId: Id,
    name: Type.String(),
    /** HMAC-SHA256 of the secret under the pepper, hex. Two while a rotation overlaps. */
    secretDigests: Type.Array(
      Type.Object(
        { digest: Type.String({ pattern: '^[0-9a-f]{64}$' }), expiresAt: Nullable(Timestamp) },
        closed,
      ),
      { maxItems: 2 },
    ),
    status: Type.Union([Type.Literal('active'), Type.Literal('inactive'), Type.Literal('revoked')]),
    /** Whose calls are refused last, or first, when a data plane is at its capacity; absent: neither. */
    priority: Type.Optional(Type.Union([Type.Literal('high'), Type.Literal('low')])),
    expiresAt: Nullable(Timestamp),
    owner: Type.Object(
      { kind: Type.Union([Type.Literal('customer'), Type.Literal('team'), Type.Literal('user')]), id: Id },
      closed,
    ),
    providerConfigs: Type.Array(ProviderConfig),
    /** Whether providers without a configuration may be used too, with every model; absent: false. */
    allowAllProviders: Type.Optional(Type.Boolean()),
    /** Whether bodies of its calls may be logged; absent: as is decided for all keys. */
    contentLogging: Type.Optional(Type.Boolean()),
    /** Calls are refused once the configuration was last confirmed longer ago; absent: as for all keys. */
    requireFreshSeconds: Type.Optional(StalenessSeconds),
    /** Calls of it that may be under way at once; absent: any number. */
    maxConcurrentCalls: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
)

export const Provider = Type.Object(
  {
    kind: Type.Literal('provider'),
    id: Id,
    /** The part before the slash in `provider/model`. */
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]*$' }),
    /** Speaks the OpenAI API below this URL, `https://api.openai.com/v1`. */
    baseUrl: Type.String(),
    /** Otherwise no connection to a loopback, private or link-local address is made, whatever the name resolves to. */
    allowPrivateNetwork: Type.Boolean(),
    active: Type.Boolean(),
    connectTimeoutMs: Type.Integer({ minimum: 1 }),
    /** Longest silence: before the answer's head and between two of its chunks. */
    idleTimeoutMs: Type.Integer({ minimum: 1 }),
    /** What becomes of an answer whose caller has left; absent: it is heard out for a while. */
    whenCallerLeaves: Type.Optional(Type.Enum(['abort', 'drain'])),
    /** A data plane that does not know it goes on hearing answers out for a while. */
    advisory: Type.Optional(Type.Tuple([Type.Literal('whenCallerLeaves')])),
  },
  closed,
)

export const ProviderKey = Type.Object(
  {
    kind: Type.Literal('provider_key'),
    id: Id,
    providerId: Id,
    name: Type.String(),
    weight: Type.Number({ exclusiveMinimum: 0 }),
    active: Type.Boolean(),
    /** Names the secret in the sealed credentials; a new secret has a new id. */
    credentialId: Id,
    /** Calls with it that may be under way at once; absent: any number. */
    maxConcurrentCalls: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
)

/** The levels that may carry a budget or a limit, from the widest to the narrowest. */
export const governedLevels = [
  'organization',
  'customer',
  'business_unit',
  'team',
  'user',
  'virtual_key',
  'provider_config',
] as const
export type GovernedLevel = (typeof governedLevels)[number]

const Owner = Type.Object({ kind: Type.Enum(governedLevels), id: Id }, closed)

export const Budget = Type.Object(
  {
    kind: Type.Literal('budget'),
    id: Id,
    owner: Owner,
    /** Decimal digits: a budget may exceed what a JSON number holds. */
    limitNanoUsd: Type.String({ pattern: '^[0-9]{1,18}$' }),
    /** Absent: strict. A release that does not know it may skip it: it then sets more aside than is asked for. */
    mode: Type.Optional(Type.Literal('balanced')),
    advisory: Type.Optional(Type.Tuple([Type.Literal('mode')])),
  },
  closed,
)

export const RequestLimit = Type.Object(
  {
    kind: Type.Literal('request_limit'),
    id: Id,
    owner: Owner,
    /** Admitted in any sliding window of `windowSeconds`; absent: not limited. A limit has one of the two at least. */
    maxRequests: Type.Optional(Type.Integer({ minimum: 1 })),
    maxTokens: Type.Optional(Type.Integer({ minimum: 1 })),
    windowSeconds: Type.Integer({ minimum: 1 }),
  },
  { ...closed, minProperties: 5 },
)

export const ClientConfiguration = Type.Object(
  {
    kind: Type.Literal('client_configuration'),
    id: Id,
    /** Exact origins, or `["*"]` for development. `[]` refuses every cross-origin call. */
    allowedOrigins: Type.Array(Type.String()),
    /** What a browser may send. */
    allowedHeaders: Type.Array(Type.String()),
    headerFilter: Type.Object(
      {
        /** Null: every `x-bf-eh-*` header but the denied ones. `[]`: none. Names without the prefix. [C3, C4] */
        allowlist: Nullable(Type.Array(Type.String())),
        denylist: Type.Array(Type.String()),
        /** Whether an allow-listed header is also forwarded when it comes without the prefix. [X1-03] */
        forwardDirect: Type.Boolean(),
      },
      closed,
    ),
    /*
     * What asks for nothing is left out. A data plane of the release before refuses members that it does not know
     * (`reading.ts`): it goes on reading configurations that do not use these, and keeps its last good one instead of
     * running one whose walls it would not see. Never empty, so that nothing has to be guessed about an empty list.
     */
    /** What a call must carry, see `contract/required-headers.ts`; absent: nothing. */
    requiredHeaders: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), pattern: Type.String() }, closed), { minItems: 1 }),
    ),
    /** Where calls may come from, see `contract/networks.ts`; absent: from everywhere. */
    ipAllowlist: Type.Optional(Networks),
    /** Whose `X-Forwarded-For` is believed; absent: nobody's. */
    trustedProxies: Type.Optional(Networks),
    /** All calls are refused once the configuration was last confirmed longer ago; absent: never for that. */
    maxStalenessSeconds: Type.Optional(StalenessSeconds),
    /** Callers read the limit of a budget and what is used of it; absent: they do not. */
    showBudgetAmounts: Type.Optional(Type.Literal(true)),
    /** Calls of a user are for what their roles give, see `roles.ts`; absent: roles decide about no call. */
    rolesGovernInference: Type.Optional(Type.Literal(true)),
    /** Members that a release that does not know them may skip, see `reading.ts`. */
    advisory: Type.Optional(Type.Array(Type.Literal('showBudgetAmounts'))),
  },
  closed,
)

export const Plugin = Type.Object(
  {
    kind: Type.Literal('plugin'),
    id: Id,
    name: Type.String(),
    enabled: Type.Boolean(),
    /** A custom plugin stands before or after a built-in one; a built-in stands where it stands. */
    position: Nullable(
      Type.Object(
        { side: Type.Union([Type.Literal('before'), Type.Literal('after')]), of: Type.String() },
        closed,
      ),
    ),
    /** Orders the plugins of one position. */
    order: Type.Integer(),
    config: Type.Record(Type.String(), Type.Unknown()),
  },
  closed,
)

export const DataPlane = Type.Object(
  { kind: Type.Literal('data_plane'), id: Id, name: Type.String() },
  closed,
)

export const Entity = Type.Union([
  Organization,
  Customer,
  BusinessUnit,
  Team,
  User,
  VirtualKey,
  Provider,
  ProviderKey,
  Model,
  Budget,
  RequestLimit,
  ClientConfiguration,
  Plugin,
  DataPlane,
  TokenIssuer,
  TokenHolder,
  Role,
])

export type Organization = Static<typeof Organization>
export type Customer = Static<typeof Customer>
export type BusinessUnit = Static<typeof BusinessUnit>
export type Team = Static<typeof Team>
export type VirtualKey = Static<typeof VirtualKey>
export type ProviderConfig = Static<typeof ProviderConfig>
export type Provider = Static<typeof Provider>
export type ProviderKey = Static<typeof ProviderKey>
export type Budget = Static<typeof Budget>
export type RequestLimit = Static<typeof RequestLimit>
export type ClientConfiguration = Static<typeof ClientConfiguration>
export type Plugin = Static<typeof Plugin>
export type DataPlane = Static<typeof DataPlane>
export type Entity = Static<typeof Entity>
export type EntityKind = Entity['kind']

/** An entity's address in the configuration: `virtual_key/vk_01…`. */
export type EntityKey = `${EntityKind}/${string}`

export function keyOf({ kind, id }: { readonly kind: string; readonly id: string }): EntityKey {
  // An entity of a later release has an address too, though its kind has no name here.
  return `${kind as EntityKind}/${id}`
}
