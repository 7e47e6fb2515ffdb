import type { SchemaMigration } from '../migration.ts'
import { quoteIdentifier } from '../tenant-table.ts'

/** Nobody rewrites history, and yet it ends: what is older than an operator keeps it is deleted. */
export const prunedHistory: SchemaMigration = {
  name: '026-pruned-history',
  statements: (applicationRole) => [
    `grant delete on config_revisions, row_images, configuration_applications to ${quoteIdentifier(applicationRole)}`,
    'create index on config_revisions (org_id, transaction_id)',
    'create index on configuration_applications (org_id, at)',
  ],
}
