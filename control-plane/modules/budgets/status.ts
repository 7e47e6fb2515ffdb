import type { Actor } from '../../actor.ts'
import type { PolicyOwner } from '../../policy-owners.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { levelsOf } from './levels.ts'
import { type BudgetStanding, readBudgetStandings } from './standing.ts'

/** One of the levels that a call is charged to. */
export interface LevelStatus {
  readonly owner: PolicyOwner
  /** Oldest first. */
  readonly budgets: readonly BudgetStanding[]
}

export interface BudgetStatus {
  /** From the organization down. */
  readonly levels: readonly LevelStatus[]
}

/** How the budgets stand that the calls of an owner are charged to; null when the actor may not see the owner. */
export function readBudgetStatus(
  context: ServiceContext,
  actor: Actor,
  owner: PolicyOwner,
): Promise<BudgetStatus | null> {
  return transactionOf(context, actor, async (em) => {
    const levels = await levelsOf(em, actor, owner)
    if (!levels) return null
    const ofLevels = { $or: levels.map(({ kind, id }) => ({ ownerKind: kind, ownerId: id })) }
    const standings = await readBudgetStandings(em, actor, ofLevels, context.now())
    return {
      levels: levels.map((level) => ({
        owner: level,
        budgets: standings.filter(
          ({ budget }) => budget.ownerKind === level.kind && budget.ownerId === level.id,
        ),
      })),
    }
  })
}

/** What is not spent, in nano-USD: of a budget that was overspent, nothing. */
export function remainingOf({ effectiveLimit, settled }: BudgetStanding): bigint {
  return settled < effectiveLimit ? effectiveLimit - settled : 0n
}
