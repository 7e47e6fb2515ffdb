import type { Budget as BudgetDocument } from '../../../contract/configuration/entities.ts'
import type { Budget } from './entity.ts'

export function budgetSnapshot({ id, ownerKind, ownerId, limitNanoUsd }: Budget): BudgetDocument {
  return { kind: 'budget', id, owner: { kind: ownerKind, id: ownerId }, limitNanoUsd }
}
