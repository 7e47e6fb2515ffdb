import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/** Sessions of people who signed in. What they hold is sealed; the columns are what they are found and ended by. */
export const sessions: SchemaMigration = {
  name: '049-sessions',
  statements: (applicationRole) => [
    `create table sessions (
       id text primary key,
       org_id text not null references organizations (id),
       user_id text not null,
       provider_id text not null,
       subject_tag text not null,
       provider_session_tag text,
       digest text not null,
       details text not null,
       secrets text not null,
       secrets_version integer not null,
       refreshing_until timestamptz,
       last_seen_at timestamptz not null,
       ends_at timestamptz not null,
       expires_at timestamptz not null,
       checked_at timestamptz not null,
       foreign key (org_id, user_id) references users (org_id, id) on delete cascade)`,
    'create index on sessions (org_id, user_id, last_seen_at)',
    'create index on sessions (org_id, subject_tag)',
    'create index on sessions (org_id, provider_session_tag)',
    'create index on sessions (org_id, ends_at)',
    'create index on sessions (org_id, checked_at)',
    ...tenantTable('sessions', { applicationRole }),
  ],
}
