import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LeaseRequest } from '../../../contract/leases.ts'
import { createBudget, readWindows } from '../budgets.ts'
import { deliver, grant } from '../ledger.ts'
import {
  createInstallation,
  createOrganization,
  type EnrolledDataPlane,
  enrol,
  type Installation,
} from '../organization.ts'
import { SpendingDataPlane } from '../spending-data-plane.ts'

let installation: Installation
let organizationId: string
let identities: EnrolledDataPlane[]
beforeAll(async () => {
  installation = await createInstallation()
  organizationId = await createOrganization(installation)
  identities = [await enrol(installation, organizationId), await enrol(installation, organizationId)]
})
afterAll(() => installation.close())

const nat = (max: number) => fc.nat({ max })
const dataPlane = nat(1)
const step = fc.oneof(
  fc.record({
    do: fc.constant('ask'),
    dataPlane,
    budgets: fc.subarray([0, 1, 2], { minLength: 1 }),
    wanted: nat(4_000),
    needed: nat(1_500),
    replyIsLost: fc.boolean(),
  }),
  fc.record({ do: fc.constant('ask again'), pick: nat(1_000) }),
  fc.record({ do: fc.constant('spend'), dataPlane, pick: nat(1_000), nanoUsd: nat(900) }),
  fc.record({ do: fc.constant('close'), dataPlane, pick: nat(1_000) }),
  fc.record({ do: fc.constant('batch'), dataPlane }),
  fc.record({ do: fc.constant('deliver'), pick: nat(1_000), keep: fc.boolean() }),
) as fc.Arbitrary<Step>

type Step =
  | {
      readonly do: 'ask'
      readonly dataPlane: number
      readonly budgets: number[]
      readonly wanted: number
      readonly needed: number
      readonly replyIsLost: boolean
    }
  | { readonly do: 'ask again'; readonly pick: number }
  | { readonly do: 'spend'; readonly dataPlane: number; readonly pick: number; readonly nanoUsd: number }
  | { readonly do: 'close'; readonly dataPlane: number; readonly pick: number }
  | { readonly do: 'batch'; readonly dataPlane: number }
  | { readonly do: 'deliver'; readonly pick: number; readonly keep: boolean }

/** Two data planes, three budgets, and a store between the planes that loses, doubles and reorders. */
class Run {
  readonly #budgets: readonly string[]
  readonly #dataPlanes: readonly SpendingDataPlane[]
  readonly #requests: { readonly from: SpendingDataPlane; readonly request: LeaseRequest }[] = []
  #stream: string[] = []

  constructor(budgets: readonly string[], incarnation: string) {
    this.#budgets = budgets
    this.#dataPlanes = identities.map((identity) => new SpendingDataPlane(identity, incarnation))
  }

  async perform(step: Step): Promise<void> {
    const from = 'dataPlane' in step ? this.#dataPlanes[step.dataPlane] : undefined
    switch (step.do) {
      case 'ask': {
        if (!from) return
        const asks = step.budgets.map((index) => ({
          budgetId: this.#budgets[index] ?? '',
          wantedNanoUsd: step.wanted,
          neededNanoUsd: step.needed,
        }))
        const request = from.request(asks)
        this.#requests.push({ from, request })
        return this.#ask(from, request, step.replyIsLost)
      }
      case 'ask again': {
        const again = pick(this.#requests, step.pick)
        return again && this.#ask(again.from, again.request, false)
      }
      case 'spend': {
        const lease = from && pick(from.leases, step.pick)
        return lease && from.spend(lease, step.nanoUsd)
      }
      case 'close': {
        const lease = from && pick(from.leases, step.pick)
        return lease && from.close(lease)
      }
      case 'batch':
        if (from) this.#stream.push(from.batch())
        return
      case 'deliver': {
        const body = pick(this.#stream, step.pick)
        if (body === undefined) return
        if (!step.keep) this.#stream = this.#stream.filter((other) => other !== body)
        return this.#deliver([body])
      }
    }
  }

  /** Nothing is lost for ever: every reply comes at last, every lease is closed, every batch delivered. */
  async finish(): Promise<void> {
    for (const { from, request } of this.#requests) await this.#ask(from, request, false)
    for (const dataPlane of this.#dataPlanes) this.#flush(dataPlane)
    const [greedy] = this.#dataPlanes
    if (!greedy) return
    for (const body of this.#stream.toReversed()) {
      await this.#deliver([body])
      // Whatever came back too early would be spent here, before the charge on it arrives.
      const asks = this.#budgets.map((budgetId) => ({ budgetId, wantedNanoUsd: 9_000, neededNanoUsd: 1 }))
      await this.#ask(greedy, greedy.request(asks), false)
      for (const lease of greedy.leases) greedy.spend(lease, 9_000)
    }
    await this.#deliver(this.#stream)
    this.#flush(greedy)
    await this.#deliver(this.#stream)
  }

  /** Closes all leases; the charges before and the closings come in batches of their own. */
  #flush(dataPlane: SpendingDataPlane): void {
    this.#stream.push(dataPlane.batch())
    for (const lease of dataPlane.leases) dataPlane.close(lease)
    this.#stream.push(dataPlane.batch())
  }

  spentOf(budgetId: string): number {
    return this.#dataPlanes.reduce((sum, { spentNanoUsd }) => sum + (spentNanoUsd.get(budgetId) ?? 0), 0)
  }

  async #ask(from: SpendingDataPlane, request: LeaseRequest, replyIsLost: boolean): Promise<void> {
    const grants = await grant(installation, request)
    if (!replyIsLost) from.receive(request.id, grants)
  }

  async #deliver(bodies: readonly string[]): Promise<void> {
    const { rejected, unsettled } = await deliver(installation, organizationId, bodies)
    expect({ rejected, unsettled }).toEqual({ rejected: [], unsettled: [] })
  }
}

function pick<T>(from: readonly T[], index: number): T | undefined {
  return from[index % Math.max(1, from.length)]
}

describe('the ledger of leases', () => {
  it('never lets settled and leased exceed the limit, whatever is lost, doubled or reordered, and ends exact', async () => {
    let runs = 0
    const limits = fc.array(fc.integer({ min: 0, max: 6_000 }), { minLength: 3, maxLength: 3 })
    const property = fc.asyncProperty(
      limits,
      fc.array(step, { minLength: 5, maxLength: 40 }),
      async (limits, steps) => {
        const budgets: string[] = []
        for (const limit of limits) budgets.push(await createBudget(installation, organizationId, limit))
        const run = new Run(budgets, `run_${++runs}`)
        for (const next of steps) {
          await run.perform(next)
          for (const [index, budgetId] of budgets.entries()) {
            const [window] = await readWindows(installation, organizationId, budgetId)
            if (!window) continue
            expect(window.settled + window.leased).toBeLessThanOrEqual(limits[index] ?? 0)
            expect(window.overdrawn).toBe(0)
          }
        }
        await run.finish()
        for (const budgetId of budgets) {
          const [window] = await readWindows(installation, organizationId, budgetId)
          if (!window) continue
          expect(window).toMatchObject({ settled: run.spentOf(budgetId), leased: 0, overdrawn: 0 })
        }
      },
    )
    await fc.assert(property, { numRuns: 40 })
  }, 120_000)
})
