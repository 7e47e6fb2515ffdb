import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { resetWindow } from '../../../control-plane/leases/reset-window.ts'
import { createBudget, readWindows } from '../budgets.ts'
import { deliver, grant, reconcile } from '../ledger.ts'
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
  await reconcile(installation, organizationId)
})
afterAll(() => installation.close())

/** Of two data planes that spend one budget, whose batches come late and in any order. */
class Run {
  readonly #budgetId: string
  readonly #dataPlanes: readonly SpendingDataPlane[]
  #late: string[] = []
  /** What was spent in all when the budget was last reset. */
  spentAtReset = 0

  constructor(budgetId: string, incarnation: string) {
    this.#budgetId = budgetId
    this.#dataPlanes = identities.map((identity) => new SpendingDataPlane(identity, incarnation))
  }

  get spent(): number {
    return this.#dataPlanes.reduce(
      (sum, { spentNanoUsd }) => sum + (spentNanoUsd.get(this.#budgetId) ?? 0),
      0,
    )
  }

  async perform({ what, who, amount }: Step): Promise<void> {
    const dataPlane = this.#dataPlanes[who % this.#dataPlanes.length]
    const lease = dataPlane?.leases[amount % dataPlane.leases.length]
    if (!dataPlane) return
    if (what === 'ask') await this.#ask(dataPlane, amount)
    if (what === 'spend' && lease) dataPlane.spend(lease, amount)
    if (what === 'close' && lease) dataPlane.close(lease)
    if (what === 'batch') this.#late.push(dataPlane.batch())
    if (what === 'deliver') await this.#deliver(this.#late.splice(amount % (this.#late.length || 1), 1))
    if (what === 'reset') await this.#reset()
  }

  /** Spends all that there is, and delivers everything. */
  async finish(): Promise<void> {
    for (const dataPlane of this.#dataPlanes) {
      await this.#ask(dataPlane, 1)
      await this.#ask(dataPlane, 9_000)
      for (const lease of dataPlane.leases) dataPlane.spend(lease, 9_000)
      this.#late.push(dataPlane.batch())
      for (const lease of dataPlane.leases) dataPlane.close(lease)
      this.#late.push(dataPlane.batch())
    }
    await this.#deliver(this.#late.toReversed())
    await this.#deliver(this.#late)
  }

  async #ask(dataPlane: SpendingDataPlane, amount: number): Promise<void> {
    const asks = [{ budgetId: this.#budgetId, wantedNanoUsd: amount, neededNanoUsd: Math.min(amount, 300) }]
    const request = dataPlane.request(asks)
    dataPlane.receive(request.id, await grant(installation, request))
  }

  async #deliver(bodies: readonly string[]): Promise<void> {
    await deliver(installation, organizationId, bodies)
  }

  async #reset(): Promise<void> {
    const window = { budgetId: this.#budgetId, startsAt: new Date(0) }
    await installation.database.transaction(organizationId, (em) =>
      resetWindow(em, organizationId, window, Date.now()),
    )
    this.spentAtReset = this.spent
  }
}

interface Step {
  readonly what: 'ask' | 'spend' | 'close' | 'batch' | 'deliver' | 'reset'
  readonly who: number
  readonly amount: number
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('ask', 'ask', 'spend', 'spend', 'close', 'batch', 'deliver', 'reset'),
  who: fc.nat(1),
  amount: fc.integer({ min: 1, max: 1_500 }),
})

it('from a reset on no more than the limit is spent, calls that were under way included, and the books agree', async () => {
  let runs = 0
  const limits = fc.integer({ min: 100, max: 3_000 })
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { minLength: 10, maxLength: 40 }), async (limit, steps) => {
      const budgetId = await createBudget(installation, organizationId, limit)
      const run = new Run(budgetId, `run_${++runs}`)
      const check = async () => {
        expect(run.spent - run.spentAtReset).toBeLessThanOrEqual(limit)
        const [window] = await readWindows(installation, organizationId, budgetId)
        if (!window) return
        expect(window.settled + window.leased).toBeLessThanOrEqual(limit)
        expect(window.overdrawn).toBe(0)
      }
      for (const next of steps) {
        await run.perform(next)
        await check()
      }
      await run.finish()
      await check()
      expect(await reconcile(installation, organizationId)).toEqual([])
      const [window] = await readWindows(installation, organizationId, budgetId)
      expect(window?.leased ?? 0).toBe(0)
    }),
    { numRuns: 30 },
  )
}, 120_000)
