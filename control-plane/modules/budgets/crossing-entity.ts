import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import { tenantColumns } from '../../db/columns.ts'

/** A budget reached a share of its limit. Written once, never changed; it outlives its budget. */
export const BudgetCrossingEntity = defineEntity({
  name: 'BudgetCrossing',
  tableName: 'budget_crossings',
  properties: {
    ...tenantColumns,
    workspaceId: p.string().strictNullable(),
    budgetId: p.string(),
    ownerKind: p.string().$type<GovernedLevel>(),
    ownerId: p.string(),
    windowStartsAt: p.datetime(),
    windowEndsAt: p.datetime().strictNullable(),
    percent: p.smallint(),
    /** With what an override added to it. */
    limitNanoUsd: p.bigint('string'),
    settledNanoUsd: p.bigint('string'),
    at: p.datetime(),
  },
})

export type BudgetCrossing = InferEntity<typeof BudgetCrossingEntity>
