import type { Logger } from 'pino'
import type { BackgroundDependencies, BackgroundWork } from '../background/dependencies.ts'
import { startLoop } from '../background/loop.ts'
import { type BudgetDrift, reconcileBudgets } from './reconcile.ts'

const everyMs = 30_000
/** Several control planes do not look at the same moment. */
const jitter = 0.2

/** What is known of the budgets' books. */
export interface BudgetBooks {
  /** By how much they are apart, over all organizations; null while nobody has looked. */
  readonly driftNanoUsd: bigint | null
}

/**
 * Compares usage ledger, budgets and leases again and again: for each organization one of the control planes does,
 * and all tell what it found.
 */
export function startReconciler(
  deps: BackgroundDependencies,
  intervalMs = everyMs,
): BackgroundWork & { readonly books: BudgetBooks } {
  const reconciler = new Reconciler({ ...deps, log: deps.log.child({ loop: 'reconciler' }) }, intervalMs)
  const loop = startLoop({
    name: 'reconciler',
    log: deps.log,
    pauseMs: intervalMs * (1 - jitter * Math.random()),
    step: () => reconciler.step(),
  })
  return { books: reconciler, stop: () => loop.stop() }
}

class Reconciler implements BudgetBooks {
  readonly #deps: BackgroundDependencies
  readonly #intervalMs: number
  readonly #told: DriftLog
  driftNanoUsd: bigint | null = null

  constructor(deps: BackgroundDependencies, intervalMs: number) {
    this.#deps = deps
    this.#intervalMs = intervalMs
    this.#told = new DriftLog(deps.log)
  }

  async step(): Promise<void> {
    let sum = 0n
    for (const organizationId of await this.#deps.database.organizationIds()) {
      sum += await this.#reconcile(organizationId)
    }
    this.driftNanoUsd = sum
  }

  async #reconcile(organizationId: string): Promise<bigint> {
    const { database, now } = this.#deps
    return database.transaction(organizationId, async (em) => {
      const [claim] = await em.execute<{ claimed: boolean }[]>(
        'select pg_try_advisory_xact_lock(hashtextextended(?, 0)) as claimed',
        [`gatehouse/reconciliation/${organizationId}`],
      )
      // Another control plane may have looked a moment ago, or be looking now.
      const dueBefore = new Date(now() - this.#intervalMs * (1 - 2 * jitter))
      const [last] = await em.execute<{ isDue: boolean; drift: string }[]>(
        `select reconciled_at <= ? as "isDue", drift_nano_usd::text as drift
         from budget_reconciliations where org_id = ?`,
        [dueBefore, organizationId],
      )
      if (!claim?.claimed || last?.isDue === false) return BigInt(last?.drift ?? 0)
      const { drifts, amount } = await reconcileBudgets(em, organizationId, now())
      this.#told.tell(organizationId, drifts)
      return amount
    })
  }
}

/** Tells each drift once, however often it is found. */
class DriftLog {
  readonly #log: Logger
  #known = new Map<string, string>()

  constructor(log: Logger) {
    this.#log = log
  }

  tell(organizationId: string, drifts: readonly BudgetDrift[]): void {
    const fields = drifts.map(({ budgetId, startsAt, spent, charged, leased, remaining }) => ({
      ...{ budgetId, windowStart: startsAt.toISOString() },
      ...{ spentNanoUsd: String(spent), chargedNanoUsd: String(charged) },
      ...{ leasedNanoUsd: String(leased), remainingNanoUsd: String(remaining) },
    }))
    const text = JSON.stringify(fields)
    const known = this.#known.get(organizationId) ?? '[]'
    if (text === known) return
    this.#known.set(organizationId, text)
    for (const drift of fields)
      this.#log.error({ organizationId, ...drift }, 'the books of a budget do not agree')
    if (fields.length === 0) this.#log.info({ organizationId }, 'the books of all budgets agree again')
  }
}
