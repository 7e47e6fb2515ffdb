import { grainOfCall, type Rollup } from '../../../control-plane/modules/usage/rollups.ts'

/** A statement that reads a table of sums. */
export function keptSums({ table, dimensions }: Rollup): string {
  const key = ['org_id', 'at', ...dimensions].join(', ')
  return `select ${key}, requests::text, input_tokens::text, output_tokens::text, cost_nano_usd::text
    from ${table} order by ${key}`
}

/** A statement that adds the same up from the calls. */
export function countedSums({ grain, dimensions }: Rollup): string {
  const names = dimensions.join(', ')
  return `select org_id, ${grainOfCall(grain)} as at, ${names}, count(*)::text as requests,
      sum(input_tokens)::text as input_tokens, sum(output_tokens)::text as output_tokens,
      sum(cost_nano_usd)::text as cost_nano_usd
    from usage_records group by 1, 2, ${names} order by 1, 2, ${names}`
}
