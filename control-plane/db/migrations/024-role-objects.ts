import type { SchemaMigration } from '../migration.ts'

/** A role may be given to a user for one object alone, and for several of them one by one. */
export const roleObjects: SchemaMigration = {
  name: '024-role-objects',
  statements: () => [
    `alter table role_assignments add column object_id text,
       drop constraint role_assignments_user_role_key`,
    `create unique index role_assignments_user_role_key
       on role_assignments (org_id, user_id, role_id, coalesce(object_id, ''))`,
  ],
}
