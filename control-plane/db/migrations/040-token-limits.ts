import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

/** A limit may count tokens, beside calls or instead of them. */
export const tokenLimits: SchemaMigration = {
  name: '040-token-limits',
  statements: () => [
    `alter table request_limits
       add column max_tokens integer check (max_tokens > 0),
       alter column max_requests drop not null,
       add constraint request_limits_counts_check check (num_nonnulls(max_requests, max_tokens) > 0)`,
    // A roll-back writes the columns that a row had: without this one it would leave a later limit of tokens.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image || '{"max_tokens": null}'
           where table_name = 'request_limits' and image is not null`,
      ],
    ),
  ],
}
