import { parseArgs } from 'node:util'
import { type Case, cases } from './cases.ts'
import type { Settings } from './measure.ts'
import { wholeNumber } from './whole-number.ts'

const durabilities = ['sync', 'process'] as const
export type Durability = (typeof durabilities)[number]

export interface Flags extends Settings {
  readonly cases: readonly Case[]
  readonly withPortkey: boolean
  readonly withPassthrough: boolean
  /** How durable the audit record is before the provider is asked. */
  readonly durability: Durability
  /** A folder for the data plane's CPU profile; undefined: none is taken. */
  readonly profileFolder: string | undefined
}

export const usage = `npm run bench -- [options]

  --quick             a first impression in about a minute: 8000 warm-up calls, 3 rounds of 1 second
  --warm-up <calls>   calls to each target before anything is measured (50000)
  --rounds <n>        alternating rounds a case (5)
  --seconds <n>       length of one measurement (4)
  --connections <n>   calls in flight (128)
  --cases <names>     comma-separated: ${cases.map(({ name }) => name).join(', ')} (all)
  --no-portkey        leave the comparison with Portkey out
  --no-passthrough    leave the comparison with bare Fastify + undici out
  --durability <d>    sync: the audit record is on disk before the provider is asked; process: with the kernel (sync)
  --profile <folder>  write the data plane's CPU profile there (slows it down: not for figures)
  --help

One JSON line a case goes to stdout, progress to stderr.`

/** @throws RangeError that names the flag and what it takes. */
export function readFlags(args: readonly string[]): Flags | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      'warm-up': { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      cases: { type: 'string' },
      'no-portkey': { type: 'boolean', default: false },
      'no-passthrough': { type: 'boolean', default: false },
      durability: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { quick } = values
  return {
    warmUpCalls: wholeNumber('--warm-up', values['warm-up'], quick ? 8_000 : 50_000, 10_000_000),
    rounds: wholeNumber('--rounds', values.rounds, quick ? 3 : 5, 100),
    seconds: wholeNumber('--seconds', values.seconds, quick ? 1 : 4, 600),
    connections: wholeNumber('--connections', values.connections, 128, 1_000),
    cases: chosenCases(values.cases),
    withPortkey: !values['no-portkey'],
    withPassthrough: !values['no-passthrough'],
    durability: chosenDurability(values.durability),
    profileFolder: values.profile,
  }
}

function chosenCases(text: string | undefined): readonly Case[] {
  if (text === undefined) return cases
  return text.split(',').map((name) => {
    const found = cases.find((one) => one.name === name)
    if (!found) {
      throw new RangeError(`--cases knows ${cases.map((one) => one.name).join(', ')}, not "${name}"`)
    }
    return found
  })
}

function chosenDurability(text: string = 'sync'): Durability {
  const found = durabilities.find((one) => one === text)
  if (!found) throw new RangeError(`--durability knows ${durabilities.join(', ')}, not "${text}"`)
  return found
}
