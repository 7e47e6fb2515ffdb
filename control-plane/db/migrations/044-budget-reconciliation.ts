import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

const tables = {
  // How far the calls of the usage ledger are counted, and what the last comparison found.
  budget_reconciliations: `
    org_id text primary key references organizations (id),
    counted_before xid8 not null,
    foreign_through text not null,
    reconciled_at timestamptz not null,
    drift_nano_usd numeric not null`,
  // What the calls that are counted charge to each window.
  budget_charges: `
    org_id text not null references organizations (id),
    budget_id text not null,
    starts_at timestamptz not null,
    nano_usd numeric not null,
    primary key (org_id, budget_id, starts_at),
    foreign key (org_id, budget_id, starts_at) references budget_windows (org_id, budget_id, starts_at)`,
}

/** What the reconciler remembers, so that it reads each call once. */
export const budgetReconciliation: SchemaMigration = {
  name: '044-budget-reconciliation',
  statements: (applicationRole) =>
    Object.entries(tables).flatMap(([name, columns]) => [
      `create table ${name} (${columns})`,
      ...tenantTable(name, { applicationRole }),
    ]),
}
