import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

/** Periods from a minute to a year, by the calendar of a time zone or rolling. The budgets that there are stay as they are. */
export const budgetWindows: SchemaMigration = {
  name: '036-budget-windows',
  statements: () => [
    `alter table budgets
       add column alignment text not null default 'CALENDAR' check (alignment in ('CALENDAR', 'ROLLING')),
       add column time_zone text not null default 'UTC',
       add column week_starts_on text not null default 'MONDAY' check (week_starts_on in
         ('MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY')),
       add column fiscal_year_starts_in smallint not null default 1 check (fiscal_year_starts_in between 1 and 12),
       drop constraint budgets_period_check,
       add constraint budgets_period_check check (period in
         ('MINUTE', 'FIVE_MINUTES', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR', 'NONE'))`,
    // A roll-back writes the columns that a row had: without them it would leave new ones empty.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image ||
             '{"alignment": "CALENDAR", "time_zone": "UTC", "week_starts_on": "MONDAY", "fiscal_year_starts_in": 1}'
           where table_name = 'budgets' and image is not null`,
      ],
    ),
  ],
}
