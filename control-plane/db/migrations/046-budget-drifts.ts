import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/** The windows whose books did not agree when the reconciler looked last. */
export const budgetDrifts: SchemaMigration = {
  name: '046-budget-drifts',
  statements: (applicationRole) => [
    `create table budget_drifts (
       org_id text not null references organizations (id),
       budget_id text not null,
       starts_at timestamptz not null,
       spent numeric not null,
       charged numeric not null,
       leased numeric not null,
       remaining numeric not null,
       drift numeric not null generated always as (abs(spent - charged) + abs(leased - remaining)) stored,
       primary key (org_id, budget_id, starts_at),
       foreign key (org_id, budget_id, starts_at) references budget_windows (org_id, budget_id, starts_at))`,
    ...tenantTable('budget_drifts', { applicationRole }),
  ],
}
