import fc from 'fast-check'
import { allRules, type Rules, runSchedule, type Schedule, type Step } from './lease-schedule.ts'

const dataPlane = fc.integer({ min: 0, max: 2 })
const share = (min: number, max: number) => fc.double({ min, max, noNaN: true })

const call: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('call' as const),
  dataPlane,
  budgets: fc.subarray([0, 1, 2], { minLength: 1 }),
  bound: share(0, 0.3),
  billed: fc.oneof(fc.constant(1), share(0, 1)),
  isCut: fc.boolean(),
  lastsMs: fc.integer({ min: 0, max: 3_000 }),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: call },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 2_500 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      dataPlane,
      how: fc.constantFrom('killed' as const, 'power lost' as const),
      downMs: fc.integer({ min: 0, max: 4_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('outage' as const), downMs: fc.integer({ min: 1, max: 6_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('weather' as const),
      weather: fc.record({
        lost: share(0, 0.5),
        doubled: share(0, 0.5),
        slowestMs: fc.integer({ min: 2, max: 5_000 }),
      }),
    }),
  },
)

const schedule: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  limits: fc.array(fc.integer({ min: 100, max: 100_000 }), { minLength: 3, maxLength: 3 }),
  steps: fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
})

export interface Search {
  readonly seed: number
  readonly schedules: number
  /** All of them unless said. */
  readonly rules?: Rules
  /** False takes the first that is found; a smaller one takes its time. */
  readonly shrinks?: boolean
  readonly onRun?: (run: number) => void
}

/**
 * Tries schedules until one breaks what the ledger promises.
 *
 * @returns the smallest like it that does, and what it breaks; undefined where none was found
 */
export async function findBrokenSchedule({
  seed,
  schedules,
  rules = allRules,
  shrinks = true,
  onRun,
}: Search): Promise<string | undefined> {
  let run = 0
  const property = fc.asyncProperty(schedule, async (one) => {
    onRun?.(++run)
    const violations = await runSchedule(one, rules)
    if (violations.length > 0) throw new Error(violations.slice(0, 10).join('\n'))
  })
  const found = await fc.check(property, { seed, numRuns: schedules, endOnFailure: !shrinks })
  if (!found.failed) return undefined
  return `seed ${found.seed}, path "${found.counterexamplePath}"\n${JSON.stringify(found.counterexample)}\n${found.errorInstance}`
}
