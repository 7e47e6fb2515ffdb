import { type BudgetHolding, sealHoldings } from '../../contract/budget-holdings.ts'
import type { SigningKey } from '../../contract/signed.ts'
import { type HoldingsStore, holdingsMs } from '../../transport/holdings.ts'
import { within } from '../deadline.ts'
import type { HostLog } from './host-log.ts'

export interface HoldingsReportOptions {
  readonly store: HoldingsStore
  readonly organizationId: string
  readonly dataPlaneId: string
  readonly signingKey: SigningKey
  readonly holdings: () => readonly BudgetHolding[]
  readonly now: () => number
  readonly log: HostLog
}

/** What did not change is said again before it is forgotten, with time to spare for one attempt that fails. */
const repeatMs = holdingsMs / 3
const storeLimitMs = 2_000

/** Tells the control plane what calls under way hold of the leases, when that has changed, and now and then as a sign of life. */
export class HoldingsReport {
  readonly #options: HoldingsReportOptions
  #said: string | undefined
  #saidAt = 0
  #isTelling = false
  #isDown = false

  constructor(options: HoldingsReportOptions) {
    this.#options = options
  }

  /** Called every second or so. */
  async tell(): Promise<void> {
    const { store, organizationId, dataPlaneId, signingKey, holdings, now, log } = this.#options
    if (this.#isTelling) return
    const at = now()
    const budgets = [...holdings()]
    const text = JSON.stringify(budgets)
    if (text === this.#said && at - this.#saidAt < repeatMs) return
    this.#isTelling = true
    try {
      const document = sealHoldings({ format: 1, organizationId, dataPlaneId, at, budgets }, signingKey)
      await within(storeLimitMs, 'the store of holdings', store.publish(document))
      this.#said = text
      this.#saidAt = at
      this.#isDown = false
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!this.#isDown) log.warn({ reason }, 'what calls under way hold of budgets cannot be told')
      this.#isDown = true
    } finally {
      this.#isTelling = false
    }
  }
}
