import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { BudgetMode } from '../../../contract/budget-modes.ts'
import type { BudgetPeriod } from '../../../contract/budget-windows.ts'
import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { checkVersion, type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { lockPolicyOwner, type PlacedPolicyOwner, type PolicyOwner } from '../../policy-owners.ts'
import { afterRequest, type ServiceContext, transactionOf } from '../../service-context.ts'
import { ProfileManaged } from '../virtual-keys/index.ts'
import { type Budget, BudgetEntity } from './entity.ts'
import { PeriodTaken, SeveralBudgets } from './errors.ts'
import { checkBudgetLimit } from './limit.ts'
import { budgetSnapshot } from './snapshot.ts'
import { type BudgetStanding, readBudgetStandings } from './standing.ts'
import {
  type BudgetWindowInput,
  type BudgetWindowTerms,
  readWindowTerms,
  usualWindowTerms,
} from './window-terms.ts'

export interface NewBudget {
  readonly owner: PolicyOwner
  readonly limitNanoUsd: bigint
  readonly period: BudgetPeriod
  readonly window?: BudgetWindowInput | null | undefined
  readonly mode?: BudgetMode | null | undefined
}

/** 0 expects that the owner has none yet. */
export type SetBudget = NewBudget & ExpectedVersion

export interface BudgetUpdate extends ExpectedVersion {
  readonly id: string
  readonly limitNanoUsd?: bigint | null | undefined
  readonly period?: BudgetPeriod | null | undefined
  readonly window?: BudgetWindowInput | null | undefined
  readonly mode?: BudgetMode | null | undefined
}

/**
 * Gives an owner one more budget: a call is charged to all of them, and runs only while each can pay for it.
 *
 * @throws NotFound when the owner does not exist, PeriodTaken when it has a budget of this period.
 */
export async function addBudget(
  context: ServiceContext,
  actor: Actor,
  input: NewBudget,
): Promise<BudgetStanding> {
  const limitNanoUsd = String(checkBudgetLimit('limit', input.limitNanoUsd))
  const { owner, period } = input
  const window = readWindowTerms(input.window, usualWindowTerms)
  const work = transactionOf(context, actor, async (em) => {
    const { workspaceId } = await lockPolicyOwner(em, actor, owner)
    actor.require('budgets:update', { workspaceId })
    const terms = { limitNanoUsd, period, ...window, mode: input.mode ?? 'STRICT' }
    const row = newBudget(context, actor, { ...owner, workspaceId }, terms)
    const budget = em.create(BudgetEntity, row)
    await record(em, context, actor, budget, 'budget.added', null)
    return budget
  })
  const { id } = await refuseViolations(periodTaken(period), work)
  // A repeated request answers how the budget stands by now.
  return transactionOf(afterRequest(context), actor, (em) => readStanding(em, context, actor, id))
}

/**
 * Changes one budget. What was spent in the present window stays spent; a new period begins its own window.
 *
 * @throws NotFound, PeriodTaken, ProfileManaged, StaleUpdate
 */
export function updateBudget(
  context: ServiceContext,
  actor: Actor,
  input: BudgetUpdate,
): Promise<BudgetStanding> {
  const limitNanoUsd =
    input.limitNanoUsd == null ? undefined : String(checkBudgetLimit('limit', input.limitNanoUsd))
  const work = transactionOf(context, actor, async (em) => {
    const budget = await lockUnmanaged(em, actor, input.id, input)
    const before = terms(budget)
    if (limitNanoUsd !== undefined) budget.limitNanoUsd = limitNanoUsd
    if (input.period != null) budget.period = input.period
    if (input.mode != null) budget.mode = input.mode
    em.assign(budget, readWindowTerms(input.window, budget))
    return record(em, context, actor, budget, 'budget.updated', before)
  })
  return refuseViolations(periodTaken(input.period ?? 'NONE'), work)
}

/**
 * Gives an owner its only budget, or changes the one that it has. What was spent in the present window stays spent; a
 * new period begins its own window.
 *
 * @throws NotFound when the owner does not exist, SeveralBudgets when it has more than one, ProfileManaged,
 * StaleUpdate
 */
export function setBudget(context: ServiceContext, actor: Actor, input: SetBudget): Promise<BudgetStanding> {
  const limitNanoUsd = String(checkBudgetLimit('limit', input.limitNanoUsd))
  const { owner, period } = input
  return transactionOf(context, actor, async (em) => {
    const { workspaceId } = await lockPolicyOwner(em, actor, owner)
    actor.require('budgets:update', { workspaceId })
    const [present, another] = await em.find(
      BudgetEntity,
      { ownerKind: owner.kind, ownerId: owner.id },
      { lockMode: LockMode.PESSIMISTIC_WRITE, limit: 2 },
    )
    if (another) throw new SeveralBudgets(owner.id)
    if (present) refuseManaged(present)
    checkVersion(present ?? { version: 0 }, 'budget of', owner.id, input.expectedVersion)
    const before = present ? terms(present) : null
    const window = readWindowTerms(input.window, present ?? usualWindowTerms)
    const given = { limitNanoUsd, period, ...window, mode: input.mode ?? present?.mode ?? 'STRICT' }
    const budget = present
      ? em.assign(present, given)
      : em.create(BudgetEntity, newBudget(context, actor, { ...owner, workspaceId }, given))
    return record(em, context, actor, budget, 'budget.set', before)
  })
}

/** @throws NotFound, ProfileManaged */
export function removeBudget(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  return transactionOf(context, actor, async (em) => {
    const budget = await lockUnmanaged(em, actor, id)
    em.remove(budget)
    const owner = { kind: budget.ownerKind, id: budget.ownerId }
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

async function lockUnmanaged(
  em: EntityManager,
  actor: Actor,
  id: string,
  expected: ExpectedVersion = {},
): Promise<Budget> {
  const budget = await lockBudget(em, actor, id, expected)
  refuseManaged(budget)
  return budget
}

/** @throws NotFound, Forbidden, StaleUpdate */
export async function lockBudget(
  em: EntityManager,
  actor: Actor,
  id: string,
  expected: ExpectedVersion = {},
): Promise<Budget> {
  const budget = await lockRow(em, BudgetEntity, 'budget', id, expected)
  const { workspaceId } = budget
  if (workspaceId !== null && !actor.reaches(workspaceId)) throw new NotFound('budget', id)
  actor.require('budgets:update', { workspaceId })
  return budget
}

function refuseManaged({ fromProfile }: Budget): void {
  if (fromProfile) throw new ProfileManaged('This budget')
}

function newBudget(
  context: ServiceContext,
  { organizationId }: Actor,
  { kind, id, workspaceId }: PlacedPolicyOwner,
  terms: Terms,
) {
  return {
    id: newId('bud'),
    organizationId,
    workspaceId,
    ownerKind: kind,
    ownerId: id,
    ...terms,
    fromProfile: false,
    createdAt: new Date(context.now()),
  }
}

async function record(
  em: EntityManager,
  context: ServiceContext,
  actor: Actor,
  budget: Budget,
  type: string,
  before: Terms | null,
): Promise<BudgetStanding> {
  const owner = { kind: budget.ownerKind, id: budget.ownerId }
  await recordChange(context, em, actor, entry(type, budget, { owner, before, after: terms(budget) }), {
    upserts: [budgetSnapshot(budget)],
  })
  return readStanding(em, context, actor, budget.id)
}

export async function readStanding(
  em: EntityManager,
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<BudgetStanding> {
  const [standing] = await readBudgetStandings(em, actor, { id }, context.now())
  if (!standing) throw new Error(`budget ${id} cannot be read back`)
  return standing
}

const periodTaken = (period: BudgetPeriod) => ({
  unique: { budgets_owner_period_key: () => new PeriodTaken(period) },
})

type Terms = Pick<Budget, 'limitNanoUsd' | 'period' | 'mode' | keyof BudgetWindowTerms>

function terms(budget: Budget): Terms {
  const { limitNanoUsd, period, mode, alignment, timeZone, weekStartsOn, fiscalYearStartsIn } = budget
  return { limitNanoUsd, period, mode, alignment, timeZone, weekStartsOn, fiscalYearStartsIn }
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
