import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

const concurrencyLimited = ['virtual_keys', 'provider_keys']

/**
 * A request limit may count tokens, beside calls or instead of them; a virtual key and a provider key may have a limit of
 * calls under way.
 */
export const tokenAndConcurrencyLimits: SchemaMigration = {
  name: '040-token-and-concurrency-limits',
  statements: () => [
    `alter table request_limits
       add column max_tokens integer check (max_tokens > 0),
       alter column max_requests drop not null,
       add constraint request_limits_counts_check check (num_nonnulls(max_requests, max_tokens) > 0)`,
    ...concurrencyLimited.map(
      (table) =>
        `alter table ${table} add column max_concurrent_calls integer check (max_concurrent_calls > 0)`,
    ),
    // A roll-back writes the columns that a row had: without these it would leave limits of later.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image || '{"max_tokens": null}'
           where table_name = 'request_limits' and image is not null`,
        `update row_images set image = image || '{"max_concurrent_calls": null}'
           where table_name in (${concurrencyLimited.map((table) => `'${table}'`).join(', ')}) and image is not null`,
      ],
    ),
  ],
}
