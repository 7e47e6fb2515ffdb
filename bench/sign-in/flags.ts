import { parseArgs } from 'node:util'
import { wholeNumber } from '../whole-number.ts'

export interface SignInFlags {
  /** How many sign in, one after the other, and then once more. */
  readonly people: number
  /** How often a session is looked up, and how often a request is made by it. */
  readonly requests: number
}

export const usage = `npm run bench:sign-in -- [options]

  --people <n>    how many sign in at each place where sessions are kept, twice each (100)
  --requests <n>  requests by their sessions that are measured, and by an API token (1000)
  --help

One JSON line a measurement goes to stdout, progress to stderr.`

/** @throws RangeError that names the flag and what it takes. */
export function readSignInFlags(args: readonly string[]): SignInFlags | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      people: { type: 'string' },
      requests: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    people: wholeNumber('--people', values.people, 100, 10_000),
    requests: wholeNumber('--requests', values.requests, 1_000, 1_000_000),
  }
}
