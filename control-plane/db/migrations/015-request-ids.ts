import type { SchemaMigration } from '../migration.ts'

/** A caller that asks why it was refused has the id of its request and nothing else. */
export const requestIds: SchemaMigration = {
  name: '015-request-ids',
  statements: () => [
    'create index on usage_records (org_id, request_id)',
    `create index on audit_events (org_id, (details->>'requestId')) where subject_kind = 'inference'`,
  ],
}
