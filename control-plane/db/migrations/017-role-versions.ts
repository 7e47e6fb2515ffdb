import type { SchemaMigration } from '../migration.ts'

/** Of two who change a role at once, the later one is told. */
export const roleVersions: SchemaMigration = {
  name: '017-role-versions',
  statements: () => ['alter table roles add column version integer not null default 1'],
}
