import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

/** That a user is of a team or of a business unit, once for each source that says so. */
export const MembershipEntity = defineEntity({
  name: 'Membership',
  tableName: 'memberships',
  properties: {
    ...tenantColumns,
    workspaceId: p.string(),
    userId: p.string(),
    teamId: p.string().strictNullable(),
    businessUnitId: p.string().strictNullable(),
    source: p.string().$type<MembershipSource>(),
    createdAt: p.datetime(),
  },
})

export type Membership = InferEntity<typeof MembershipEntity>

/** `home` follows the team that the user's calls are charged to: the database keeps it. */
export type MembershipSource = 'home' | GivenSource
/** Whoever adds and removes members; none of them ends what another one said. */
export type GivenSource = 'manual' | 'idp' | 'scim'
