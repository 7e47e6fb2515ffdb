import Type, { type Static } from 'typebox'
import { AllowList, closed, Id, Nullable } from './parts.ts'
import { HeldRole } from './roles.ts'

/** What the keys of a user may ask for: names, `*` and `regex:` entries, see `contract/model-lists.ts`. [S0-24] */
const UserAccess = Type.Object(
  {
    allowedModels: AllowList,
    /** Refused whatever is allowed; so are denied providers. */
    deniedModels: AllowList,
    /** Providers by name. */
    allowedProviders: AllowList,
    deniedProviders: AllowList,
  },
  closed,
)

export const User = Type.Object(
  {
    kind: Type.Literal('user'),
    id: Id,
    teamId: Nullable(Id),
    active: Type.Boolean(),
    /**
     * Absent: whatever their keys may. A data plane that does not know it serves none of their keys, instead of serving
     * them without restrictions that it would not see (`reading.ts`).
     */
    access: Type.Optional(UserAccess),
    /** Those for more than single objects, while the client configuration says `rolesGovernInference`; absent: none. */
    roles: Type.Optional(Type.Array(HeldRole, { minItems: 1 })),
  },
  closed,
)

export type User = Static<typeof User>
export type UserAccess = Static<typeof UserAccess>
