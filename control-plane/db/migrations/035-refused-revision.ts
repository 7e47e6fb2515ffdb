import type { SchemaMigration } from '../migration.ts'

/** Which version a data plane refused. Those that have reported before say it with their next report. */
export const refusedRevision: SchemaMigration = {
  name: '035-refused-revision',
  statements: () => [
    'alter table data_planes add column refused_epoch integer, add column refused_revision bigint',
  ],
}
