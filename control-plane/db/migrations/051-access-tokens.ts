import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

const tables = ['access_token_keys', 'access_token_sessions', 'ended_access', 'default_virtual_keys']

/** Access tokens of people who are signed in: what signs them, which sessions have any, and whose no longer count. */
export const accessTokens: SchemaMigration = {
  name: '051-access-tokens',
  statements: (applicationRole) => [
    `create table access_token_keys (
       id text not null,
       org_id text not null references organizations (id),
       sealed_private_key text not null,
       public_key jsonb not null,
       created_at timestamptz not null,
       primary key (org_id, id))`,
    // By the database's own clock, like all that says how long a head names something.
    `create table access_token_sessions (
       org_id text not null references organizations (id),
       session_id text not null,
       expires_at timestamptz not null,
       primary key (org_id, session_id))`,
    `create table ended_access (
       org_id text not null references organizations (id),
       id text not null,
       named_until timestamptz not null,
       primary key (org_id, id))`,
    `create table default_virtual_keys (
       org_id text not null references organizations (id),
       user_id text not null,
       virtual_key_id text not null,
       primary key (org_id, user_id),
       foreign key (org_id, user_id) references users (org_id, id) on delete cascade,
       foreign key (org_id, virtual_key_id) references virtual_keys (org_id, id) on delete cascade)`,
    'create index on access_token_sessions (org_id, expires_at)',
    'create index on ended_access (org_id, named_until)',
    'create index on default_virtual_keys (org_id, virtual_key_id)',
    ...tables.flatMap((table) => tenantTable(table, { applicationRole })),
  ],
}
