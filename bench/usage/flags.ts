import { parseArgs } from 'node:util'
import { chosenCases } from '../chosen-cases.ts'
import { wholeNumber } from '../whole-number.ts'
import { type UsageCase, usageCases } from './cases.ts'

export interface UsageFlags {
  /** Measures how fast calls are recorded and summed, and nothing else. */
  readonly recording: boolean
  readonly cases: readonly UsageCase[]
  /** Queries to measure in each case. */
  readonly rounds: number
  readonly usageRows: number
  /** Where the filled database stays for the next run; undefined: it goes away with this one. */
  readonly folder: string | undefined
}

export const usage = `npm run bench:usage -- [options]

  --recording         instead of queries: how many calls a second are recorded, and recorded and summed (three times)
  --calls <n>         calls of three months that are summed (1000000); of a recording (40000)
  --rounds <n>        queries a case that are measured (100)
  --cases <text>      only the cases whose name contains this, such as "own:" or "Berlin" (all)
  --keep <folder>     keep the filled database there, and use what is there already
  --help

One JSON line a case goes to stdout, progress to stderr.`

/** @throws RangeError that names the flag and what it takes. */
export function readUsageFlags(args: readonly string[]): UsageFlags | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      recording: { type: 'boolean', default: false },
      calls: { type: 'string' },
      rounds: { type: 'string' },
      cases: { type: 'string' },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    recording: values.recording,
    cases: chosenCases(usageCases, values.cases),
    rounds: wholeNumber('--rounds', values.rounds, 100, 10_000),
    usageRows: wholeNumber('--calls', values.calls, values.recording ? 40_000 : 1_000_000, 100_000_000),
    folder: values.keep,
  }
}
