import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Random } from '../../../chaos/random.ts'
import { PermitLimits } from '../../../data-plane/host/limits.ts'
import type { LimitNode } from '../../../plugins/sdk/builtin.ts'
import { Bus } from '../../../transport/memory/bus.ts'
import { MemoryLimits } from '../../../transport/memory/limit-store.ts'

/*
 * Data planes share one limit while calls come at a steady rate, on a clock that the test moves. Calls set aside half as
 * much again as they use, on average, and end after a tenth of a second.
 */

const stepMs = 5
const windows = 4
const callMs = 100

interface Case {
  readonly unit: LimitNode['unit']
  readonly dataPlanes: number
  /** What is asked for, against what the limit allows. */
  readonly load: number
  readonly windowSeconds: number
}

interface Use {
  readonly at: number
  readonly amount: number
}

const cases: Case[] = (['requests', 'tokens'] as const).flatMap((unit) =>
  [1, 3].flatMap((dataPlanes) =>
    [0.9, 1, 1.5, 2].flatMap((load) =>
      [10, 60].map((windowSeconds) => ({ unit, dataPlanes, load, windowSeconds })),
    ),
  ),
)

const silent = { warn() {}, error() {} }

function planeOf(shared: MemoryLimits, dataPlanes: number, now: () => number): PermitLimits {
  return new PermitLimits({ store: shared.store('org'), dataPlanes: () => dataPlanes, now, log: silent })
}

async function run({ unit, dataPlanes, load, windowSeconds }: Case) {
  let now = 1_000_000
  const random = new Random(7)
  const max = unit === 'requests' ? 600 : 600_000
  const path: readonly LimitNode[] = [{ id: 'lim', scope: 'team', unit, max, windowSeconds }]
  const shared = new MemoryLimits(new Bus(), () => now)
  const planes = Array.from({ length: dataPlanes }, () => planeOf(shared, dataPlanes, () => now))
  const uses: Use[] = []
  const ends: { at: number; end(): void }[] = []

  const call = async () => {
    const used = unit === 'requests' ? 1 : 500 + Math.floor(random.next() * 1_001)
    const reserved = unit === 'requests' ? 0 : Math.ceil(used * (1 + random.next()))
    const result = await planes[Math.floor(random.next() * dataPlanes)]?.take(path, reserved)
    if (!result || 'limit' in result) return
    uses.push({ at: now, amount: used })
    ends.push({ at: now + callMs, end: () => result.settle(used) })
  }

  const startedAt = now
  const windowMs = windowSeconds * 1_000
  const callsPerMs = (load * 600) / windowMs
  for (let calls = 0; now < startedAt + windows * windowMs; now += stepMs) {
    while (ends[0] && ends[0].at <= now) ends.shift()?.end()
    for (; calls < (now - startedAt) * callsPerMs; calls++) void call()
    if ((now - startedAt) % 20 === 0) for (const plane of planes) plane.sweep()
    await turn()
  }
  return { max, windowMs, startedAt, uses }
}

/** The most that was used in any window that slides over the uses. */
function busiest(uses: readonly Use[], windowMs: number): number {
  let first = 0
  let inWindow = 0
  let most = 0
  for (const { at, amount } of uses) {
    inWindow += amount
    for (let oldest = uses[first]; oldest && oldest.at <= at - windowMs; oldest = uses[first]) {
      inWindow -= oldest.amount
      first++
    }
    most = Math.max(most, inWindow)
  }
  return most
}

describe('B8: limits that data planes share', () => {
  it.each(cases)(
    '$unit, data planes: $dataPlanes, load: $load, window: $windowSeconds s: never exceeded, and 95 % can be used',
    async (each) => {
      const { max, windowMs, startedAt, uses } = await run(each)
      expect(busiest(uses, windowMs)).toBeLessThanOrEqual(max)
      // From the second window on: the first allows a burst of the whole limit.
      const steady = uses.filter(({ at }) => at >= startedAt + windowMs)
      const usedShare = steady.reduce((sum, { amount }) => sum + amount, 0) / (max * (windows - 1))
      expect(usedShare).toBeGreaterThanOrEqual(0.95 * Math.min(1, each.load))
    },
  )

  it.each(['requests', 'tokens'] as const)('admit a burst up to the whole limit of %s', async (unit) => {
    const shared = new MemoryLimits(new Bus(), () => 0)
    const plane = planeOf(shared, 1, () => 0)
    const path: readonly LimitNode[] = [{ id: 'lim', scope: 'team', unit, max: 300, windowSeconds: 60 }]
    const results = await Promise.all(Array.from({ length: 400 }, () => plane.take(path, 1)))
    expect(results.filter((result) => 'settle' in result)).toHaveLength(300)
  })
})
