import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/** Every tenant table has the key (org_id, id), so that a reference can never cross organizations. */
const tables: readonly {
  name: string
  columns: string
  column?: string
  workspaces?: boolean
  workspaceColumn?: string
  appendOnly?: boolean
}[] = [
  {
    name: 'organizations',
    column: 'id',
    columns: `
        id text primary key,
        name text not null,
        created_at timestamptz not null`,
  },
  {
    name: 'workspaces',
    workspaces: true,
    workspaceColumn: 'id',
    columns: `
        id text primary key,
        org_id text not null references organizations (id),
        name text not null,
        created_at timestamptz not null,
        unique (org_id, id),
        constraint workspaces_name_key unique (org_id, name)`,
  },
  {
    name: 'customers',
    workspaces: true,
    columns: `
        id text primary key,
        org_id text not null references organizations (id),
        workspace_id text not null,
        name text not null,
        created_at timestamptz not null,
        unique (org_id, id),
        constraint customers_name_key unique (org_id, workspace_id, name),
        foreign key (org_id, workspace_id) references workspaces (org_id, id)`,
  },
  {
    name: 'business_units',
    workspaces: true,
    columns: `
        id text primary key,
        org_id text not null references organizations (id),
        workspace_id text not null,
        customer_id text not null,
        name text not null,
        created_at timestamptz not null,
        unique (org_id, id),
        constraint business_units_name_key unique (org_id, customer_id, name),
        foreign key (org_id, workspace_id) references workspaces (org_id, id),
        foreign key (org_id, customer_id) references customers (org_id, id)`,
  },
  {
    name: 'teams',
    workspaces: true,
    columns: `
        id text primary key,
        org_id text not null references organizations (id),
        workspace_id text not null,
        customer_id text,
        business_unit_id text,
        name text not null,
        created_at timestamptz not null,
        unique (org_id, id),
        constraint teams_name_key unique (org_id, workspace_id, name),
        foreign key (org_id, workspace_id) references workspaces (org_id, id),
        foreign key (org_id, customer_id) references customers (org_id, id),
        foreign key (org_id, business_unit_id) references business_units (org_id, id)`,
  },
  {
    name: 'users',
    columns: `
        id text primary key,
        org_id text not null references organizations (id),
        team_id text,
        name text not null,
        email text,
        active boolean not null,
        created_at timestamptz not null,
        unique (org_id, id),
        constraint users_email_key unique (org_id, email),
        foreign key (org_id, team_id) references teams (org_id, id)`,
  },
  {
    name: 'api_tokens',
    columns: `
        id text primary key,
        org_id text not null references organizations (id),
        workspace_id text,
        name text not null,
        role text not null,
        digest text not null,
        expires_at timestamptz,
        revoked_at timestamptz,
        created_at timestamptz not null,
        unique (org_id, id),
        foreign key (org_id, workspace_id) references workspaces (org_id, id)`,
  },
  {
    name: 'audit_events',
    appendOnly: true,
    columns: `
        id text primary key,
        org_id text not null references organizations (id),
        workspace_id text,
        at timestamptz not null,
        type text not null,
        actor_kind text not null,
        actor_id text not null,
        actor_name text not null,
        subject_kind text not null,
        subject_id text not null,
        outcome text not null,
        details jsonb not null`,
  },
]

export const tenants: SchemaMigration = {
  name: '001-tenants',
  statements: (applicationRole) => [
    ...tables.flatMap(({ name, columns, ...options }) => [
      `create table ${name} (${columns})`,
      ...tenantTable(name, { applicationRole, ...options }),
    ]),
    'create index on customers (org_id, workspace_id)',
    'create index on business_units (org_id, customer_id)',
    'create index on teams (org_id, customer_id)',
    'create index on teams (org_id, business_unit_id)',
    'create index on users (org_id, team_id)',
    'create index on audit_events (org_id, id)',
    'create index on audit_events (org_id, subject_id, id)',
  ],
}
