import { parseArgs } from 'node:util'
import type { Settings } from '../measure.ts'
import { wholeNumber } from '../whole-number.ts'

export interface BudgetFlags extends Settings {
  /** How many virtual keys the calls take turns with, one measurement each. */
  readonly sizes: readonly number[]
}

const mostKeys = 1_000_000

export const usage = `npm run bench:budgets -- [options]

  --keys <numbers>    how many virtual keys calls take turns with, comma-separated (1,10,1000,100000)
  --warm-up <calls>   calls to each gateway before anything is measured (400000)
  --rounds <n>        alternating rounds a size (5)
  --seconds <n>       length of one measurement; four of throughput in a round (2)
  --connections <n>   calls in flight (128)
  --help

One JSON line a size goes to stdout, progress to stderr.`

/** @throws RangeError that names the flag and what it takes. */
export function readBudgetFlags(args: readonly string[]): BudgetFlags | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      keys: { type: 'string', default: '1,10,1000,100000' },
      'warm-up': { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    sizes: values.keys.split(',').map((text) => wholeNumber('--keys', text, 1, mostKeys)),
    warmUpCalls: wholeNumber('--warm-up', values['warm-up'], 400_000, 10_000_000),
    rounds: wholeNumber('--rounds', values.rounds, 5, 100),
    seconds: wholeNumber('--seconds', values.seconds, 2, 600),
    connections: wholeNumber('--connections', values.connections, 128, 1_000),
  }
}
