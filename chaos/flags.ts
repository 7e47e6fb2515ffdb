import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { budgets } from './budgets.ts'
import { records } from './records.ts'
import type { Scenario } from './scenario.ts'
import type { ScheduleOptions } from './schedule.ts'

const scenarios: Readonly<Record<string, Scenario>> = { records, budgets }

export const usage = `npm run chaos -- --scenario <name> [options]

  --scenario <name>     records: ${records.promise}
                        budgets: ${budgets.promise}
  --seed <n>            repeats the faults of an earlier run (another one each time)
  --seconds <n>         how long calls are made (60)
  --data-planes <n>     how many serve (3)
  --help

One JSON line goes to stdout, progress to stderr. Exit code 1 when the promise was broken.`

export interface Flags extends ScheduleOptions {
  readonly scenario: Scenario
}

const largestSeed = 2 ** 32 - 1

/** @throws RangeError that names the flag and what it takes. */
export function readFlags(args: readonly string[]): Flags | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string' },
      seed: { type: 'string' },
      seconds: { type: 'string' },
      'data-planes': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const scenario = scenarios[values.scenario ?? '']
  if (!scenario) throw new RangeError(`--scenario takes ${Object.keys(scenarios).join(' or ')}`)
  return {
    scenario,
    seed: integer('--seed', values.seed, randomInt(largestSeed), 0, largestSeed),
    seconds: integer('--seconds', values.seconds, 60, 5, 86_400),
    dataPlanes: integer('--data-planes', values['data-planes'], 3, 1, 10),
  }
}

function integer(
  flag: string,
  text: string | undefined,
  unlessSaid: number,
  from: number,
  to: number,
): number {
  if (text === undefined) return unlessSaid
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= from && value <= to)) {
    throw new RangeError(`${flag} takes a whole number from ${from} to ${to}, not "${text}"`)
  }
  return value
}
