import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

/** What becomes of a provider's answer when its caller has left. */
export const abandonedAnswers: SchemaMigration = {
  name: '039-abandoned-answers',
  statements: () => [
    `alter table providers add column when_caller_leaves text not null default 'drain_capped'
       check (when_caller_leaves in ('abort', 'drain', 'drain_capped'))`,
    'alter table providers alter column when_caller_leaves drop default',
    // A roll-back writes the columns that a row had: without it a provider would keep what was said later.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image || '{"when_caller_leaves": "drain_capped"}'
           where table_name = 'providers' and image is not null`,
      ],
    ),
  ],
}
