import { parseArgs } from 'node:util'
import { wholeNumber } from '../whole-number.ts'

export interface DistributionFlags {
  /** How many virtual keys there are, one measurement each. */
  readonly sizes: readonly number[]
  /** Changes of one key that are measured, of each kind. */
  readonly changes: number
}

const mostKeys = 1_000_000
const mostChanges = 500

export const usage = `npm run bench:distribution -- [options]

  --keys <numbers>    how many virtual keys, comma-separated (1000,10000,100000)
  --changes <n>       changes of one key that are measured (200)
  --help

One JSON line a size and one for what one more key costs go to stdout, progress to stderr.`

/** @throws RangeError that names the flag and what it takes. */
export function readDistributionFlags(args: readonly string[]): DistributionFlags | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      keys: { type: 'string', default: '1000,10000,100000' },
      changes: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const changes = wholeNumber('--changes', values.changes, 200, mostChanges)
  const sizes = values.keys.split(',').map((text) => wholeNumber('--keys', text, changes, mostKeys))
  if (sizes.some((size) => size < changes)) {
    throw new RangeError(`--keys takes at least as many as --changes, ${changes}: each is of another key`)
  }
  return { sizes, changes }
}
