import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/**
 * What raises a budget for a while, what resets took off its windows, and which shares of it were crossed. An override is
 * no configuration: it is in no image of a row, and a roll-back leaves it alone.
 */
export const budgetStanding: SchemaMigration = {
  name: '042-budget-standing',
  statements: (applicationRole) => [
    `create table budget_overrides (
       org_id text not null references organizations (id),
       budget_id text not null,
       amount_nano_usd bigint not null check (amount_nano_usd > 0),
       lasts_until timestamptz,
       version integer not null default 1,
       primary key (org_id, budget_id),
       foreign key (org_id, budget_id) references budgets (org_id, id) on delete cascade)`,
    ...tenantTable('budget_overrides', { applicationRole }),
    `alter table budget_windows
       add column forgiven bigint not null default 0 check (forgiven >= 0),
       add column reset_at timestamptz,
       add column crossed_percent smallint not null default 0`,
    `create table budget_crossings (
       id text primary key,
       org_id text not null references organizations (id),
       workspace_id text,
       budget_id text not null,
       owner_kind text not null,
       owner_id text not null,
       window_starts_at timestamptz not null,
       window_ends_at timestamptz,
       percent smallint not null,
       limit_nano_usd bigint not null,
       settled_nano_usd bigint not null,
       at timestamptz not null,
       transaction_id xid8 not null default pg_current_xact_id(),
       unique (org_id, id))`,
    ...tenantTable('budget_crossings', { applicationRole, workspaces: 'optional', appendOnly: true }),
    'create index on budget_crossings (org_id, transaction_id, id)',
    `create trigger announce_insert after insert on budget_crossings
       referencing new table as changed for each statement execute function announce_rows('crossings')`,
  ],
}
