import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

/** Whether callers read how much money is in a budget. Until somebody says so they do not. */
export const shownAmounts: SchemaMigration = {
  name: '041-shown-amounts',
  statements: () => [
    'alter table client_configurations add column show_budget_amounts boolean not null default false',
    'alter table client_configurations alter column show_budget_amounts drop default',
    // A roll-back writes the columns that a row had: without it it would leave the new one as it is.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image || '{"show_budget_amounts": false}'
           where table_name = 'client_configurations' and image is not null`,
      ],
    ),
  ],
}
