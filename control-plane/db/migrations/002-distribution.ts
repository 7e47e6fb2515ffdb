import type { SchemaMigration } from '../migration.ts'
import { quoteIdentifier, tenantTable } from '../tenant-table.ts'

/** What an organization's data planes are told, and what they tell. */
const tables: readonly { name: string; columns: string; appendOnly?: boolean; workspaces?: boolean }[] = [
  {
    name: 'config_revisions',
    appendOnly: true,
    columns: `
      org_id text not null references organizations (id),
      epoch integer not null,
      revision bigint not null,
      changes jsonb not null,
      hash text,
      created_at timestamptz not null default now(),
      primary key (org_id, epoch, revision)`,
  },
  {
    name: 'config_entities',
    columns: `
      org_id text not null references organizations (id),
      kind text not null,
      id text not null,
      document jsonb not null,
      primary key (org_id, kind, id)`,
  },
  {
    name: 'config_revocations',
    appendOnly: true,
    columns: `
      org_id text not null references organizations (id),
      virtual_key_id text not null,
      revoked_at timestamptz not null default now(),
      primary key (org_id, virtual_key_id)`,
  },
  {
    name: 'data_planes',
    columns: `
      id text primary key,
      org_id text not null references organizations (id),
      name text not null,
      version text not null,
      signing_key jsonb not null,
      sealing_key jsonb not null,
      enrolled_at timestamptz not null,
      revoked_at timestamptz,
      apply_status text not null default 'awaiting' check (apply_status in ('awaiting', 'applied', 'refused')),
      applied_epoch integer,
      applied_revision bigint,
      applied_hash text,
      last_error text,
      reported_at timestamptz,
      last_seen_at timestamptz,
      plugins jsonb not null default '[]',
      unique (org_id, id)`,
  },
  {
    name: 'enrolment_tokens',
    columns: `
      digest text primary key,
      org_id text not null references organizations (id),
      created_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      data_plane_id text`,
  },
  {
    name: 'budget_windows',
    columns: `
      org_id text not null references organizations (id),
      budget_id text not null,
      starts_at timestamptz not null,
      ceiling bigint not null,
      settled bigint not null default 0 check (settled >= 0),
      leased bigint not null default 0 check (leased >= 0),
      overdrawn bigint not null default 0 check (overdrawn >= 0),
      primary key (org_id, budget_id, starts_at),
      constraint budget_windows_never_overspent check (settled + leased <= ceiling)`,
  },
  {
    name: 'budget_leases',
    columns: `
      id text primary key,
      org_id text not null references organizations (id),
      budget_id text not null,
      window_starts_at timestamptz not null,
      data_plane_id text not null,
      granted bigint not null check (granted > 0),
      remaining bigint not null check (remaining >= 0 and remaining <= granted),
      granted_at timestamptz not null,
      closing_incarnation text,
      closing_sequence bigint,
      closed_at timestamptz,
      unique (org_id, id),
      foreign key (org_id, budget_id, window_starts_at)
        references budget_windows (org_id, budget_id, starts_at),
      foreign key (org_id, data_plane_id) references data_planes (org_id, id)`,
  },
  {
    name: 'lease_requests',
    columns: `
      org_id text not null references organizations (id),
      data_plane_id text not null,
      id text not null,
      grants jsonb not null,
      created_at timestamptz not null,
      primary key (org_id, data_plane_id, id)`,
  },
  {
    name: 'event_sources',
    columns: `
      org_id text not null references organizations (id),
      data_plane_id text not null,
      incarnation text not null,
      contiguous bigint not null default 0,
      ahead bigint[] not null default '{}',
      primary key (org_id, data_plane_id, incarnation)`,
  },
  {
    name: 'usage_records',
    appendOnly: true,
    workspaces: true,
    columns: `
      org_id text not null references organizations (id),
      attempt_id text not null,
      id text not null,
      workspace_id text,
      data_plane_id text not null,
      request_id text not null,
      at timestamptz not null,
      duration_ms double precision not null,
      operation text not null,
      streamed boolean not null,
      virtual_key_id text,
      user_id text,
      team_id text,
      business_unit_id text,
      customer_id text,
      provider_id text,
      provider_config_id text,
      requested_model text,
      upstream_model text,
      input_tokens bigint not null,
      cached_input_tokens bigint not null,
      output_tokens bigint not null,
      images bigint not null,
      estimated boolean not null,
      cost_nano_usd bigint not null,
      outcome text not null,
      status integer not null,
      error_code text,
      epoch integer not null,
      revision bigint not null,
      charges jsonb not null,
      primary key (org_id, attempt_id),
      unique (org_id, id)`,
  },
  {
    name: 'rejected_batches',
    appendOnly: true,
    columns: `
      org_id text not null references organizations (id),
      id text primary key,
      reason text not null,
      body text not null,
      body_bytes bigint not null,
      received_at timestamptz not null`,
  },
]

export const distribution: SchemaMigration = {
  name: '002-distribution',
  statements: (applicationRole) => [
    ...openTables(quoteIdentifier(applicationRole)),
    ...tables.flatMap(({ name, columns, ...options }) => [
      `create table ${name} (${columns})`,
      ...tenantTable(name, { applicationRole, ...options }),
    ]),
    // The publisher adds what it computed from the change; the change itself stands.
    `grant update (hash) on config_revisions to ${quoteIdentifier(applicationRole)}`,
    'create index on config_revocations (org_id, revoked_at)',
    'create index on data_planes (org_id, enrolled_at)',
    'create index on enrolment_tokens (org_id)',
    'create index on budget_leases (org_id, budget_id, window_starts_at)',
    'create index on budget_leases (org_id, data_plane_id) where closed_at is null',
    'create index on lease_requests (org_id, created_at)',
    'create index on usage_records (org_id, at, id)',
    'create index on usage_records (org_id, virtual_key_id, at)',
    'create index on usage_records (org_id, team_id, at)',
    'create index on usage_records (org_id, customer_id, at)',
    'create index on rejected_batches (org_id, received_at)',
  ],
}

/** What no organization owns: ids and revisions for the loops that serve all of them, and the installation's own secrets. */
function openTables(role: string): readonly string[] {
  return [
    `create table config_heads (
      org_id text primary key references organizations (id),
      epoch integer not null check (epoch > 0),
      revision bigint not null check (revision > 0))`,
    `grant select, insert, update on config_heads to ${role}`,
    'create table installation_secrets (name text primary key, sealed text not null)',
    `grant select, insert on installation_secrets to ${role}`,
  ]
}
