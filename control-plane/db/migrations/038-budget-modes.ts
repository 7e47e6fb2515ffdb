import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

/** Whether a budget sets aside the most that a call can cost, or what it will hardly exceed. Those that there are stay strict. */
export const budgetModes: SchemaMigration = {
  name: '038-budget-modes',
  statements: () => [
    `alter table budgets
       add column mode text not null default 'STRICT' check (mode in ('STRICT', 'BALANCED'))`,
    // A roll-back writes the columns that a row had: without it a budget would keep a mode of later.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image || '{"mode": "STRICT"}'
           where table_name = 'budgets' and image is not null`,
      ],
    ),
  ],
}
