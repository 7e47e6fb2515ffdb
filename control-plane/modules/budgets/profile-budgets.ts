import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { keyOf } from '../../../contract/configuration/entities.ts'
import { newId } from '../../db/id.ts'
import type { PlacedPolicyOwner } from '../../policy-owners.ts'
import type { RecordedChange } from '../../publisher/revision.ts'
import { type Budget, BudgetEntity } from './entity.ts'
import { budgetSnapshot } from './snapshot.ts'
import { type BudgetWindowTerms, usualWindowTerms } from './window-terms.ts'

/** A budget that every key of an access profile has for itself; those of earlier releases say nothing of windows and mode. */
export type ProfileBudget = Pick<Budget, 'limitNanoUsd' | 'period'> &
  Partial<BudgetWindowTerms & Pick<Budget, 'mode'>>

/**
 * Gives virtual keys the budgets of the profile that they follow. A budget that stays keeps its id, and with it what
 * was spent; one of the same period that the key had by itself becomes the profile's.
 *
 * @param keys locked by the caller.
 */
export async function assignProfileBudgets(
  em: EntityManager,
  organizationId: string,
  keys: readonly PlacedPolicyOwner[],
  profileBudgets: readonly ProfileBudget[],
  now: Date,
): Promise<RecordedChange> {
  const ids = keys.map(({ id }) => id)
  const present = await em.find(
    BudgetEntity,
    { ownerKind: 'virtual_key', ownerId: { $in: ids } },
    { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
  )
  const wanted = new Set(profileBudgets.map(({ period }) => period))
  const gone = present.filter(({ fromProfile, period }) => fromProfile && !wanted.has(period))
  for (const budget of gone) em.remove(budget)
  const given = keys.flatMap((key) =>
    profileBudgets.map(({ limitNanoUsd, period, mode = 'STRICT', ...window }) => {
      const terms = { limitNanoUsd, period, mode, ...usualWindowTerms, ...window, fromProfile: true }
      const budget = present.find((one) => one.ownerId === key.id && one.period === period)
      if (budget) return em.assign(budget, terms)
      return em.create(BudgetEntity, {
        ...{ id: newId('bud'), organizationId, workspaceId: key.workspaceId },
        ...{ ownerKind: 'virtual_key', ownerId: key.id },
        ...{ ...terms, createdAt: now },
      })
    }),
  )
  return {
    upserts: given.map(budgetSnapshot),
    removals: gone.map((budget) => keyOf(budgetSnapshot(budget))),
  }
}

/** Leaves a key the budgets that its profile gave it, as its own. */
export async function releaseProfileBudgets(em: EntityManager, virtualKeyId: string): Promise<void> {
  const owned = { ownerKind: 'virtual_key', ownerId: virtualKeyId, fromProfile: true } as const
  await em.nativeUpdate(BudgetEntity, owned, { fromProfile: false })
}
