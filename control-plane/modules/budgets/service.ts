import { LockMode } from '@mikro-orm/core'
import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { lockRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { lockPolicyOwner, type PolicyOwner } from '../../policy-owners.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type Budget, BudgetEntity, type BudgetPeriod } from './entity.ts'
import { budgetSnapshot } from './snapshot.ts'
import { type BudgetStanding, readBudgetStandings } from './standing.ts'

const maximumLimitNanoUsd = 999_999_999_999_999_999n

export interface SetBudget {
  readonly owner: PolicyOwner
  readonly limitNanoUsd: bigint
  readonly period: BudgetPeriod
}

/**
 * Gives an owner its budget, or changes the one that it has. What was spent in the present window stays spent; a
 * new period begins its own window.
 *
 * @throws NotFound when the owner does not exist.
 */
export function setBudget(context: ServiceContext, actor: Actor, input: SetBudget): Promise<BudgetStanding> {
  const limitNanoUsd = String(checkLimit(input.limitNanoUsd))
  const { owner, period } = input
  return transactionOf(context, actor, async (em) => {
    const { workspaceId } = await lockPolicyOwner(em, actor, owner)
    actor.require('budgets:update', { workspaceId })
    const present = await em.findOne(
      BudgetEntity,
      { ownerKind: owner.kind, ownerId: owner.id },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    )
    const before = present && terms(present)
    const budget = present
      ? em.assign(present, { limitNanoUsd, period })
      : em.create(BudgetEntity, {
          id: newId('bud'),
          organizationId: actor.organizationId,
          workspaceId,
          ownerKind: owner.kind,
          ownerId: owner.id,
          limitNanoUsd,
          period,
          createdAt: new Date(context.now()),
        })
    await recordChange(
      context,
      em,
      actor,
      entry('budget.set', budget, { owner: { ...owner }, before, after: terms(budget) }),
      { upserts: [budgetSnapshot(budget)] },
    )
    const [standing] = await readBudgetStandings(em, actor, { id: budget.id }, context.now())
    if (!standing) throw new Error(`budget ${budget.id} cannot be read back`)
    return standing
  })
}

/** @throws NotFound */
export function removeBudget(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  return transactionOf(context, actor, async (em) => {
    const budget = await lockRow(em, BudgetEntity, 'budget', id)
    const { workspaceId, ownerKind, ownerId } = budget
    if (workspaceId !== null && actor.workspaceId !== null && workspaceId !== actor.workspaceId) {
      throw new NotFound('budget', id)
    }
    actor.require('budgets:update', { workspaceId })
    em.remove(budget)
    const owner = { kind: ownerKind, id: ownerId }
    await recordChange(
      context,
      em,
      actor,
      entry('budget.removed', budget, { owner, before: terms(budget) }),
      {
        upserts: [],
        removals: [keyOf(budgetSnapshot(budget))],
      },
    )
    return { id }
  })
}

function checkLimit(limit: bigint): bigint {
  if (limit > 0n && limit <= maximumLimitNanoUsd) return limit
  throw new BadUserInput(
    'limit',
    `must be from 1 to ${maximumLimitNanoUsd} nano-USD, not ${limit}: to stop all calls, switch the keys off`,
  )
}

type Terms = Pick<Budget, 'limitNanoUsd' | 'period'>

function terms({ limitNanoUsd, period }: Budget): Terms {
  return { limitNanoUsd, period }
}

interface Details {
  readonly owner: { kind: string; id: string }
  readonly before: Terms | null
  readonly after?: Terms
}

function entry(type: string, { id, workspaceId }: Budget, details: Details) {
  const { owner, before, after } = details
  return {
    type,
    subject: { kind: 'budget', id },
    workspaceId,
    details: { owner, before: before && { ...before }, ...(after && { after: { ...after } }) },
  }
}
