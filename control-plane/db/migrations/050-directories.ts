import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

const tables = ['directory_sync_runs', 'directory_people', 'directory_values']

/** The directories of identity providers, what was last read from them, and each reading of them. */
export const directories: SchemaMigration = {
  name: '050-directories',
  statements: (applicationRole) => [
    `alter table identity_providers
       add column directory jsonb,
       add column sealed_directory_secret text,
       add constraint identity_providers_directory_secret
         check (sealed_directory_secret is null or directory is not null)`,
    `alter table user_identities
       alter column last_signed_in_at drop not null,
       add column decommissioned_at timestamptz`,
    `create table directory_sync_runs (
       id text primary key,
       org_id text not null references organizations (id),
       provider_id text not null,
       trigger text not null check (trigger in ('schedule', 'refusal', 'request', 'import')),
       state text not null check (state in ('waiting', 'reading', 'applying', 'succeeded', 'guarded', 'failed')),
       dry_run boolean not null,
       import_filter jsonb,
       allowed_leaving integer,
       todo jsonb,
       expected integer,
       pages integer not null default 0,
       attempts integer not null default 0,
       seen integer not null default 0,
       created integer not null default 0,
       updated integer not null default 0,
       decommissioned integer not null default 0,
       skipped integer not null default 0,
       errors integer not null default 0,
       leaving integer,
       message text,
       lease text,
       leased_until timestamptz,
       created_at timestamptz not null,
       started_at timestamptz,
       finished_at timestamptz,
       unique (org_id, id),
       foreign key (org_id, provider_id) references identity_providers (org_id, id) on delete cascade)`,
    // One at a time for each provider, whoever wants another one meanwhile.
    `create unique index directory_sync_runs_under_way on directory_sync_runs (org_id, provider_id)
       where finished_at is null`,
    'create index on directory_sync_runs (org_id, provider_id, id)',
    `create table directory_people (
       org_id text not null references organizations (id),
       run_id text not null,
       subject text not null,
       active boolean not null,
       name text,
       email text,
       claims jsonb not null,
       primary key (org_id, run_id, subject),
       foreign key (org_id, run_id) references directory_sync_runs (org_id, id) on delete cascade)`,
    `create table directory_values (
       org_id text not null references organizations (id),
       run_id text not null,
       subject text not null,
       claim text not null,
       value text not null,
       primary key (org_id, run_id, subject, claim, value),
       foreign key (org_id, run_id) references directory_sync_runs (org_id, id) on delete cascade)`,
    ...tables.flatMap((table) => tenantTable(table, { applicationRole })),
  ],
}
