import type { SchemaMigration } from '../migration.ts'
import { quoteIdentifier, tenantTable } from '../tenant-table.ts'

const tables: readonly { name: string; columns: string; appendOnly?: boolean }[] = [
  {
    name: 'configuration_applications',
    appendOnly: true,
    columns: `
      id text primary key,
      org_id text not null references organizations (id),
      data_plane_id text not null,
      epoch integer not null,
      revision bigint not null,
      hash text,
      at timestamptz not null,
      unique (org_id, id),
      foreign key (org_id, data_plane_id) references data_planes (org_id, id)`,
  },
  {
    name: 'idempotency_keys',
    columns: `
      org_id text not null references organizations (id),
      actor_id text not null,
      key text not null,
      operation text not null,
      input_digest text not null,
      result jsonb,
      created_at timestamptz not null,
      primary key (org_id, actor_id, key)`,
  },
  {
    name: 'row_images',
    appendOnly: true,
    columns: `
      id bigint generated always as identity primary key,
      org_id text not null references organizations (id),
      transaction_id xid8 not null default pg_current_xact_id(),
      table_name text not null,
      row_id text not null,
      image jsonb`,
  },
]

/** What a configuration can be rolled back in. Their rows are remembered as they were before each change. */
const remembered = [
  ...['organizations', 'customers', 'business_units', 'teams', 'users', 'virtual_keys', 'provider_configs'],
  ...[
    'providers',
    'provider_keys',
    'models',
    'budgets',
    'request_limits',
    'client_configurations',
    'plugins',
  ],
]

/** What subscribers follow: rows are read in the order in which their transactions began. */
const followed = { usage_records: 'usage', audit_events: 'audit', configuration_applications: 'applied' }
/** Rows whose changes subscribers look at as they are. */
const watched = { data_planes: 'fleet', api_tokens: 'access' }

/** What can be listed in the order of names. */
const namedTables = ['workspaces', 'customers', 'business_units', 'teams', 'users', 'providers', 'models']

/** What a mutation may expect to find unchanged. */
const versioned = [
  ...['organizations', 'workspaces', 'customers', 'business_units', 'teams', 'users', 'virtual_keys'],
  ...[
    'providers',
    'provider_keys',
    'models',
    'budgets',
    'request_limits',
    'client_configurations',
    'plugins',
  ],
]

/** Subscriptions, revisions that say who changed what, versions of rows, and keys that make a retry harmless. */
export const live: SchemaMigration = {
  name: '014-live',
  statements: (applicationRole) => [
    ...tables.flatMap(({ name, columns, ...options }) => [
      `create table ${name} (${columns})`,
      ...tenantTable(name, { applicationRole, ...options }),
    ]),
    'create index on idempotency_keys (org_id, created_at)',
    // One hint for each organization that a statement touched, sent when its transaction commits.
    `create function announce_rows() returns trigger language plpgsql as $$ begin
      perform pg_notify('gatehouse_live', tg_argv[0] || ' ' || touched.org_id)
      from (select distinct org_id from changed) touched;
      return null;
    end $$`,
    `grant execute on function announce_rows() to ${quoteIdentifier(applicationRole)}`,
    ...Object.entries(followed).flatMap(([table, topic]) => [
      `alter table ${table} add column transaction_id xid8 not null default pg_current_xact_id()`,
      `create index on ${table} (org_id, transaction_id, id)`,
      announcement(table, 'insert', topic),
    ]),
    ...Object.entries(watched).flatMap(([table, topic]) => [
      announcement(table, 'insert', topic),
      announcement(table, 'update', topic),
    ]),
    ...namedTables.map((table) => `create index on ${table} (org_id, name, id)`),
    ...versioned.map((table) => `alter table ${table} add column version integer not null default 1`),
    `alter table config_revisions
      add column actor_kind text, add column actor_id text, add column actor_name text,
      add column previous jsonb not null default '[]',
      add column transaction_id xid8 not null default pg_current_xact_id()`,
    'create index on row_images (org_id, transaction_id)',
    // Without the secret, which is not to be restored: whoever replaced it had a reason.
    `create function remember_row() returns trigger language plpgsql as $$ declare
      before jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
      present jsonb := coalesce(before, to_jsonb(new));
    begin
      insert into row_images (org_id, table_name, row_id, image)
      values (coalesce(present->>'org_id', present->>'id'), tg_table_name, present->>'id',
        before - '{sealed_secret,credential_id}'::text[]);
      return null;
    end $$`,
    `grant execute on function remember_row() to ${quoteIdentifier(applicationRole)}`,
    ...remembered.map(
      (table) => `create trigger remember after insert or update or delete on ${table}
        for each row execute function remember_row()`,
    ),
  ],
}

function announcement(table: string, event: 'insert' | 'update', topic: string): string {
  return `create trigger announce_${event} after ${event} on ${table}
    referencing new table as changed for each statement execute function announce_rows('${topic}')`
}
