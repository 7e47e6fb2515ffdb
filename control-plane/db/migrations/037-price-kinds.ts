import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

const kinds = ['reasoning_price', 'audio_input_price', 'audio_output_price', 'call_price', 'tool_call_price']
const parts = ['audio_input_tokens', 'reasoning_tokens', 'audio_output_tokens', 'tool_calls']
const noneOfThem = JSON.stringify({
  ...Object.fromEntries(kinds.map((kind) => [kind, null])),
  scheduled_prices: [],
})

/** Prices of reasoning, sound, calls and tools, what calls consumed of them, and prices that begin at a time to come. */
export const priceKinds: SchemaMigration = {
  name: '037-price-kinds',
  statements: () => [
    `alter table models
       ${kinds.map((kind) => `add column ${kind} bigint check (${kind} >= 0)`).join(', ')},
       add check (input_price is not null or num_nonnulls(${kinds.join(', ')}) = 0),
       add column scheduled_prices jsonb not null default '[]' check (jsonb_typeof(scheduled_prices) = 'array')`,
    `create index on models (org_id) where scheduled_prices <> '[]'`,
    `alter table model_prices ${kinds.map((kind) => `add column ${kind} bigint`).join(', ')}`,
    `alter table usage_records ${parts.map((part) => `add column ${part} bigint not null default 0`).join(', ')}`,
    // A roll-back writes the columns that a row had: without them it would leave new ones empty.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image || '${noneOfThem}'
           where table_name = 'models' and image is not null`,
      ],
    ),
  ],
}
