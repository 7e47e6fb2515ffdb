import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/** What is known to be missing from the record of a data plane. */
export const recordGaps: SchemaMigration = {
  name: '032-record-gaps',
  statements: (applicationRole) => [
    `create table record_gaps (
       org_id text not null references organizations (id),
       data_plane_id text not null,
       id text not null,
       kind text not null check (kind in ('events_lost', 'calls_unrecorded', 'journal_damaged')),
       noticed_at timestamptz not null,
       details jsonb not null,
       primary key (org_id, data_plane_id, id),
       foreign key (org_id, data_plane_id) references data_planes (org_id, id))`,
    ...tenantTable('record_gaps', { applicationRole, appendOnly: true }),
    'create index on record_gaps (org_id, data_plane_id, noticed_at desc)',
  ],
}
