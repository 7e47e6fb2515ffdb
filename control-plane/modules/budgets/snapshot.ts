import type { Budget as BudgetDocument } from '../../../contract/configuration/entities.ts'
import type { Budget } from './entity.ts'

export function budgetSnapshot({ id, ownerKind, ownerId, limitNanoUsd, mode }: Budget): BudgetDocument {
  const budget = { kind: 'budget', id, owner: { kind: ownerKind, id: ownerId }, limitNanoUsd } as const
  return mode === 'BALANCED' ? { ...budget, mode: 'balanced', advisory: ['mode'] } : budget
}
