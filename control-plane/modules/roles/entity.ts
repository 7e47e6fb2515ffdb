import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'
import type { RowScope } from '../../rights.ts'

export const RoleEntity = defineEntity({
  name: 'Role',
  tableName: 'roles',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    name: p.string(),
    description: p.string(),
    /** One of the three that every organization has; contract/permissions.ts says what they allow at first. */
    system: p.boolean(),
    /** Of a system role: what it allows besides. */
    permissions: p.json<string[]>(),
    /** What a system role allows no more; none of the others has any. */
    withheldPermissions: p.json<string[]>(),
    inheritedRoleIds: p.json<string[]>(),
    /** Null: all of the organization. */
    workspaceIds: p.json<string[]>().strictNullable(),
    rowScope: p.string().$type<RowScope>(),
    /** What the key follows that a user gets with the role; null: they get none. */
    accessProfileId: p.string().strictNullable(),
    createdAt: p.datetime(),
  },
})

export type Role = InferEntity<typeof RoleEntity>

export const RoleAssignmentEntity = defineEntity({
  name: 'RoleAssignment',
  tableName: 'role_assignments',
  properties: {
    ...tenantColumns,
    userId: p.string(),
    roleId: p.string(),
    /** The only object that it is about; null: whatever the role reaches. */
    objectId: p.string().strictNullable(),
    /** The key that came with the role. */
    virtualKeyId: p.string().strictNullable(),
    expiresAt: p.datetime().strictNullable(),
    createdAt: p.datetime(),
  },
})

export type RoleAssignment = InferEntity<typeof RoleAssignmentEntity>
