import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { checkVersion, type ExpectedVersion } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkInteger } from '../../input.ts'
import { budgetWindow } from '../../leases/budget-window.ts'
import { type BudgetOverride, endOfCycles } from '../../leases/effective-limit.ts'
import { resetWindow } from '../../leases/reset-window.ts'
import { afterRequest, type ServiceContext, transactionOf } from '../../service-context.ts'
import type { Budget } from './entity.ts'
import { checkBudgetLimit } from './limit.ts'
import { deleteOverride, storeOverride } from './overrides.ts'
import { lockBudget, readStanding } from './service.ts'
import type { BudgetStanding } from './standing.ts'

/** Exactly one of them. */
export interface OverrideDuration {
  readonly cycles?: number | null | undefined
  readonly forever?: boolean | null | undefined
}

/** The version is that of the override, 0 for none yet. */
export interface SetOverride extends ExpectedVersion {
  readonly budgetId: string
  readonly amountNanoUsd: bigint
  readonly lasts: OverrideDuration
}

const mostCycles = 1_000

/**
 * Adds to the limit of a budget for a while, instead of what was added before. It is no configuration: no data plane has to
 * be told, for what is granted from now on knows it.
 *
 * @throws NotFound, StaleUpdate, BadUserInput
 */
export function setBudgetOverride(
  context: ServiceContext,
  actor: Actor,
  input: SetOverride,
): Promise<BudgetStanding> {
  const amountNanoUsd = checkBudgetLimit('amount', input.amountNanoUsd)
  return transactionOf(context, actor, async (em) => {
    const budget = await lockBudget(em, actor, input.budgetId)
    const { override } = await readStanding(em, context, actor, budget.id)
    const version = override?.version ?? 0
    checkVersion({ version }, 'override of budget', budget.id, input.expectedVersion)
    const lastsUntil = endOf(budget, input.lasts, context.now())
    const stored = { amountNanoUsd, lastsUntil, version: version + 1 }
    await storeOverride(em, actor.organizationId, budget.id, stored)
    const details = { before: override && detailsOf(override), after: detailsOf(stored) }
    await record(em, context, actor, budget, 'budget.override_set', details)
    return readStanding(em, context, actor, budget.id)
  })
}

/**
 * Ends what was added to a budget; where nothing is, nothing happens.
 *
 * @throws NotFound
 */
export function removeBudgetOverride(
  context: ServiceContext,
  actor: Actor,
  budgetId: string,
): Promise<BudgetStanding> {
  return transactionOf(context, actor, async (em) => {
    const budget = await lockBudget(em, actor, budgetId)
    const standing = await readStanding(em, context, actor, budget.id)
    if (!standing.override) return standing
    await deleteOverride(em, actor.organizationId, budget.id)
    const details = { before: detailsOf(standing.override), after: null }
    await record(em, context, actor, budget, 'budget.override_removed', details)
    return readStanding(em, context, actor, budget.id)
  })
}

/**
 * Counts what was spent of the present window no longer. Usage stays on record, and what data planes hold counts as it did.
 *
 * @throws NotFound
 */
export async function resetBudgetUsage(
  context: ServiceContext,
  actor: Actor,
  budgetId: string,
): Promise<BudgetStanding> {
  const now = context.now()
  const { id } = await transactionOf(context, actor, async (em) => {
    const budget = await lockBudget(em, actor, budgetId)
    const { startsAt } = budgetWindow(budget, now)
    const { forgiven, leased } = await resetWindow(em, actor.organizationId, { budgetId, startsAt }, now)
    await record(em, context, actor, budget, 'budget.usage_reset', {
      windowStart: startsAt.toISOString(),
      forgivenNanoUsd: String(forgiven),
      leasedNanoUsd: String(leased),
    })
    return budget
  })
  // A repeated request answers how the budget stands by now.
  return transactionOf(afterRequest(context), actor, (em) => readStanding(em, context, actor, id))
}

function endOf(budget: Budget, { cycles, forever }: OverrideDuration, now: number): Date | null {
  if (cycles == null) {
    if (forever === true) return null
    throw new BadUserInput('lasts', 'says nothing: set forever to true, or cycles to a number')
  }
  checkInteger('lasts.cycles', cycles, { minimum: 1, maximum: mostCycles })
  const end = endOfCycles(budget, cycles, now)
  if (end) return end
  throw new BadUserInput(
    'lasts.cycles',
    'cannot be counted: the budget never resets. Say forever, and remove it',
  )
}

interface AuditedOverride {
  readonly amountNanoUsd: string
  readonly lastsUntil: string | null
}

function detailsOf({ amountNanoUsd, lastsUntil }: BudgetOverride): AuditedOverride {
  return { amountNanoUsd: String(amountNanoUsd), lastsUntil: lastsUntil?.toISOString() ?? null }
}

type Details = Readonly<
  Record<string, string | { readonly [Member in keyof AuditedOverride]: AuditedOverride[Member] } | null>
>

async function record(
  em: EntityManager,
  context: ServiceContext,
  actor: Actor,
  { id, workspaceId, ownerKind, ownerId }: Budget,
  type: string,
  details: Details,
): Promise<void> {
  const owner = { kind: ownerKind, id: ownerId }
  const subject = { kind: 'budget', id }
  await recordChange(context, em, actor, { type, subject, workspaceId, details: { owner, ...details } })
}
