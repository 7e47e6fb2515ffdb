import { parseArgs } from 'node:util'
import { chosenCases } from '../chosen-cases.ts'
import { wholeNumber } from '../whole-number.ts'
import { type ListCase, listCases } from './cases.ts'

export interface ListFlags {
  readonly cases: readonly ListCase[]
  /** Calls to measure in each case. */
  readonly rounds: number
  readonly usageRows: number
  /** Where the filled database stays for the next run; undefined: it goes away with this one. */
  readonly folder: string | undefined
}

export const usage = `npm run bench:lists -- [options]

  --rounds <n>        calls a case that are measured (60)
  --usage-rows <n>    calls in the request log, each with its audit event (5000000)
  --cases <text>      only the cases whose name contains this, such as "own:" or "searched" (all)
  --keep <folder>     keep the filled database there, and use what is there already
  --help

One JSON line a case goes to stdout, progress to stderr.`

/** @throws RangeError that names the flag and what it takes. */
export function readListFlags(args: readonly string[]): ListFlags | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      'usage-rows': { type: 'string' },
      cases: { type: 'string' },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    rounds: wholeNumber('--rounds', values.rounds, 60, 10_000),
    usageRows: wholeNumber('--usage-rows', values['usage-rows'], 5_000_000, 100_000_000),
    cases: chosenCases(listCases, values.cases),
    folder: values.keep,
  }
}
