import { type UsageGroup, type UsageQuery, usageDimensions } from './summary.ts'

/** A spreadsheet takes a cell that begins so for a formula. */
const formula = /^[=+\-@\t\r]/

/** One cell of RFC 4180. An apostrophe before what a spreadsheet would run makes it a text. */
export function csvCell(value: string): string {
  const inert = formula.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

/** With a header; an absent value is an empty cell. */
export function writeUsageCsv(
  { groupBy, interval }: Pick<UsageQuery, 'groupBy' | 'interval'>,
  groups: readonly UsageGroup[],
): string {
  const header = [
    ...(interval === undefined ? [] : ['from']),
    ...groupBy.map((dimension) => usageDimensions[dimension]),
    ...['requests', 'input_tokens', 'output_tokens', 'cost_nano_usd'],
  ]
  const rows = groups.map(({ from, values, totals }) => [
    ...(interval === undefined ? [] : [from?.toISOString() ?? '']),
    ...groupBy.map((dimension) => values[dimension] ?? ''),
    ...[totals.requests, totals.inputTokens, totals.outputTokens, totals.costNanoUsd].map(String),
  ])
  return [header, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}
