import type { Actor } from '../../actor.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'

/** A window whose books do not agree, in nano-USD. */
export interface FoundDrift {
  readonly budgetId: string
  readonly windowStart: Date
  /** What the window says was spent, and what the calls charge. */
  readonly spent: bigint
  readonly charged: bigint
  /** What the window says is leased, and what is left of its open leases. */
  readonly leased: bigint
  readonly remaining: bigint
  readonly drift: bigint
}

/** What the last comparison of calls, budgets and leases found, as far as the actor may see it. */
export interface Reconciliation {
  /** Null: nobody has looked yet. */
  readonly at: Date | null
  readonly drift: bigint
  readonly count: number
  /** The largest first, the first `mostDrifts` of them. */
  readonly drifts: readonly FoundDrift[]
}

export const mostDrifts = 100

interface DriftRow {
  readonly budgetId: string
  readonly startsAtMs: string
  readonly spent: string
  readonly charged: string
  readonly leased: string
  readonly remaining: string
  readonly drift: string
}

/** Budgets that are gone, whose windows may still drift, are no business of a single workspace. */
const seenBy = ({ workspaceIds }: Actor) =>
  `budget_drifts found ${workspaceIds === null ? 'left' : ''} join budgets budget
     on budget.org_id = found.org_id and budget.id = found.budget_id where found.org_id = ?`

export function readReconciliation(context: ServiceContext, actor: Actor): Promise<Reconciliation> {
  const { organizationId } = actor
  return transactionOf(context, actor, async (em) => {
    const [last] = await em.execute<{ at: Date | string; drift: string; count: string }[]>(
      `select reconciled_at as at, sums.drift::text, sums.count from budget_reconciliations cross join (
         select coalesce(sum(found.drift), 0) as drift, count(*) as count from ${seenBy(actor)}) as sums
       where org_id = ?`,
      [organizationId, organizationId],
    )
    if (!last) return { at: null, drift: 0n, count: 0, drifts: [] }
    const rows = await em.execute<DriftRow[]>(
      `select found.budget_id as "budgetId", extract(epoch from found.starts_at) * 1000 as "startsAtMs",
         found.spent::text, found.charged::text, found.leased::text, found.remaining::text, found.drift::text
       from ${seenBy(actor)} order by found.drift desc, found.budget_id, found.starts_at limit ?`,
      [organizationId, mostDrifts],
    )
    const { at, drift, count } = last
    return { at: new Date(at), drift: BigInt(drift), count: Number(count), drifts: rows.map(foundDrift) }
  })
}

/** By how much the books of each of these budgets were apart, in order; null while nobody has looked. */
export function readDriftsOf(
  context: ServiceContext,
  actor: Actor,
  budgetIds: readonly string[],
): Promise<(bigint | null)[]> {
  return transactionOf(context, actor, async (em) => {
    const rows = await em.execute<{ budgetId: string; drift: string }[]>(
      `select asked.id as "budgetId", coalesce(sum(found.drift), 0)::text as drift
       from budget_reconciliations last
       cross join jsonb_array_elements_text(?::jsonb) asked (id)
       left join budget_drifts found on found.org_id = last.org_id and found.budget_id = asked.id
       where last.org_id = ? group by 1`,
      [JSON.stringify(budgetIds), actor.organizationId],
    )
    const drifts = new Map(rows.map(({ budgetId, drift }) => [budgetId, BigInt(drift)]))
    return budgetIds.map((id) => drifts.get(id) ?? null)
  })
}

function foundDrift({ budgetId, startsAtMs, ...amounts }: DriftRow): FoundDrift {
  return {
    budgetId,
    windowStart: new Date(Number(startsAtMs)),
    spent: BigInt(amounts.spent),
    charged: BigInt(amounts.charged),
    leased: BigInt(amounts.leased),
    remaining: BigInt(amounts.remaining),
    drift: BigInt(amounts.drift),
  }
}
