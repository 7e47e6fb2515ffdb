import Type, { type Static } from 'typebox'
import { closed, Id, Timestamp } from './parts.ts'

/**
 * What a role gives of inference, inherited and withheld permissions reckoned in. There is one only while the client
 * configuration says `rolesGovernInference`, and only for roles that give any.
 */
export const Role = Type.Object(
  {
    kind: Type.Literal('role'),
    id: Id,
    /**
     * `inference:` permissions without the prefix. One that a data plane does not know gives nothing there, so that roles
     * need no new form for each.
     */
    operations: Type.Array(Type.String({ pattern: '^[a-z][a-z_]{0,31}$' }), { minItems: 1 }),
    /** Gives them to calls of keys of these workspaces alone; absent: of all. */
    workspaceIds: Type.Optional(Type.Array(Id)),
  },
  closed,
)

/** A role that a user has. One that is told nowhere else gives no inference. */
export const HeldRole = Type.Object(
  {
    id: Id,
    /** When it ends by itself; absent: never. */
    until: Type.Optional(Timestamp),
  },
  closed,
)

export type Role = Static<typeof Role>
export type HeldRole = Static<typeof HeldRole>
