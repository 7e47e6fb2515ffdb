import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SimulatedBooks, type SimulatedCall, SimulatedPlane } from './simulated-planes.ts'

const limits = { organization: 5_000, team: 2_000 }
type BudgetId = keyof typeof limits
const ids = Object.keys(limits) as BudgetId[]

type Step =
  | { readonly begin: { most: number; likelyShare: number; actualShare: number; budgetIds: BudgetId[] } }
  | { readonly end: number }
  | { readonly happens: 'answer' | 'reply' | 'ingest' }
  | { readonly afterMs: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      begin: fc.record({
        most: fc.integer({ min: 1, max: 1_900 }),
        likelyShare: fc.integer({ min: 1, max: 100 }).map((share) => Math.ceil(share ** 2 / 100)),
        actualShare: fc.integer({ min: 0, max: 100 }),
        budgetIds: fc.constantFrom<BudgetId[]>(['team'], ['organization', 'team']),
      }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ end: fc.nat({ max: 20 }) }) },
  { weight: 9, arbitrary: fc.record({ happens: fc.constantFrom('answer', 'reply', 'ingest') }) },
  { weight: 2, arbitrary: fc.record({ afterMs: fc.constantFrom(10, 300, 2_500) }) },
)
const script = fc.array(fc.tuple(fc.nat({ max: 2 }), step), { minLength: 20, maxLength: 200 })

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

class Run {
  readonly books: SimulatedBooks
  readonly planes: readonly SimulatedPlane[]
  /** What the provider charged, by budget. */
  readonly billed: Record<BudgetId, number> = { organization: 0, team: 0 }
  /** Calls that were admitted when their budget was spent already. */
  admittedPastLimit = 0
  readonly #balanced: ReadonlySet<string>

  constructor(dataPlanes: number, balanced: readonly BudgetId[]) {
    this.books = new SimulatedBooks(limits, dataPlanes)
    this.planes = Array.from(
      { length: dataPlanes },
      (_, index) => new SimulatedPlane(`dp_${index}`, this.books),
    )
    this.#balanced = new Set(balanced)
  }

  async play(steps: readonly (readonly [number, Step])[]): Promise<void> {
    for (const [which, one] of steps) {
      const plane = this.#plane(which)
      if ('begin' in one) this.#begin(plane, one.begin)
      else if ('end' in one) this.#end(plane, one.end)
      else if ('afterMs' in one) await this.#pass(one.afterMs)
      else if (one.happens === 'answer') plane.controlPlaneAnswers()
      else if (one.happens === 'reply') plane.replyArrives()
      else plane.controlPlaneIngests()
      await vi.advanceTimersByTimeAsync(0)
    }
  }

  /** Everybody ends and everything arrives. */
  async comeToRest(): Promise<void> {
    for (let round = 0; round < 50; round += 1) {
      for (const plane of this.planes) {
        while (plane.underWay.length > 0) this.#end(plane, 0)
        while (!plane.isQuiet) {
          plane.controlPlaneAnswers()
          plane.replyArrives()
          plane.controlPlaneIngests()
        }
      }
      await this.#pass(1_000)
    }
  }

  bound(budgetId: BudgetId): number {
    return this.planes.reduce((sum, { bounds }) => sum + (bounds.get(budgetId) ?? 0), 0)
  }

  #plane(which: number): SimulatedPlane {
    const plane = this.planes[which % this.planes.length]
    if (!plane) throw new Error('a run needs a data plane')
    return plane
  }

  #begin(
    plane: SimulatedPlane,
    { most, likelyShare, actualShare, budgetIds }: Extract<Step, { begin: unknown }>['begin'],
  ): void {
    const share = (percent: number) => Math.ceil((most * percent) / 100)
    const call: SimulatedCall = { budgetIds, most, likely: share(likelyShare), actual: share(actualShare) }
    plane.begin(
      call,
      this.#balanced,
      (id) => limits[id as BudgetId],
      () => {
        if (budgetIds.some((id) => this.billed[id] >= limits[id])) this.admittedPastLimit += 1
      },
    )
  }

  #end(plane: SimulatedPlane, index: number): void {
    const call = plane.end(index)
    for (const id of call?.budgetIds ?? []) this.billed[id as BudgetId] += call?.actual ?? 0
  }

  async #pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms)
    for (const { ledger } of this.planes) ledger.sweep()
  }
}

/** Seeds are fixed, so that a run is the same today and tomorrow. */
const runs = { numRuns: 150, seed: 20_261 }

describe.each([1, 2, 3])('on %i data planes', (dataPlanes) => {
  it('strict budgets are never overspent, whatever arrives when', () =>
    fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const run = new Run(dataPlanes, [])
        await run.play(steps)
        await run.comeToRest()
        for (const id of ids) {
          expect(run.billed[id]).toBeLessThanOrEqual(limits[id])
          expect(run.bound(id)).toBe(0)
        }
      }),
      runs,
    ))

  it('balanced budgets are overspent by what the data planes showed as their bound at most, strict ones above never', () =>
    fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const run = new Run(dataPlanes, ['team'])
        await run.play(steps)
        await run.comeToRest()
        expect(run.billed.team).toBeLessThanOrEqual(limits.team + run.bound('team'))
        expect(run.billed.organization).toBeLessThanOrEqual(limits.organization)
      }),
      runs,
    ))

  it('the books know what was billed, nothing stays leased and nothing is logged as an error', () =>
    fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const run = new Run(dataPlanes, ids)
        await run.play(steps)
        await run.comeToRest()
        for (const id of ids) {
          expect(run.books.settled(id)).toBe(run.billed[id])
          expect(run.books.leased(id)).toBe(0)
        }
        for (const { errors, ledger } of run.planes) {
          expect(errors).toEqual([])
          for (const { overspendBoundNanoUsd } of ledger.leased) expect(overspendBoundNanoUsd).toBe(0)
        }
      }),
      runs,
    ))
})

it('one data plane admits no call to a budget that is spent, however late its grants and events are', () =>
  fc.assert(
    fc.asyncProperty(script, async (steps) => {
      const run = new Run(1, ids)
      await run.play(steps)
      expect(run.admittedPastLimit).toBe(0)
    }),
    runs,
  ))

it('a balanced budget does let more run at once than a strict one, and is overspent when they cost more', async () => {
  const run = new Run(1, ['team'])
  const begin = { most: 900, likelyShare: 20, actualShare: 100, budgetIds: ['team'] as BudgetId[] }
  const warmUp: Step[] = [{ begin }, { happens: 'answer' }, { happens: 'reply' }]
  const calls = Array.from({ length: 10 }, () => warmUp).flat()
  await run.play(calls.map((one) => [0, one] as const))
  expect(run.planes[0]?.underWay.length).toBeGreaterThan(limits.team / 900)
  await run.comeToRest()
  expect(run.billed.team).toBeGreaterThan(limits.team)
  expect(run.billed.team).toBeLessThanOrEqual(limits.team + run.bound('team'))
})

it('what a data plane owes is missing from what it is granted until the control plane knows', async () => {
  const run = new Run(1, ['team'])
  const large = { most: 2_000, likelyShare: 5, actualShare: 100, budgetIds: ['team'] as BudgetId[] }
  const asks = [{ happens: 'answer' }, { happens: 'reply' }] as const
  const play = (...steps: Step[]) => run.play(steps.map((one) => [0, one] as const))
  await play({ begin: large }, ...asks, { end: 0 })
  expect(run.billed.team).toBe(limits.team)
  // The control plane has heard of nothing and would lease what is spent; the sweeps must not forget it.
  await play(
    { afterMs: 300 },
    { begin: large },
    { afterMs: 300 },
    ...asks,
    { afterMs: 300 },
    { begin: large },
    ...asks,
  )
  expect(run.planes[0]?.underWay).toEqual([])
  expect(run.admittedPastLimit).toBe(0)
})
