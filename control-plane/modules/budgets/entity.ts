import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { BudgetMode } from '../../../contract/budget-modes.ts'
import type { BudgetPeriod } from '../../../contract/budget-windows.ts'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import { tenantColumns, versionColumn } from '../../db/columns.ts'
import type { BudgetWindowTerms } from './window-terms.ts'

export const BudgetEntity = defineEntity({
  name: 'Budget',
  tableName: 'budgets',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    workspaceId: p.string().strictNullable(),
    ownerKind: p.string().$type<GovernedLevel>(),
    ownerId: p.string(),
    limitNanoUsd: p.bigint('string'),
    period: p.string().$type<BudgetPeriod>(),
    alignment: p.string().$type<BudgetWindowTerms['alignment']>(),
    timeZone: p.string(),
    weekStartsOn: p.string().$type<BudgetWindowTerms['weekStartsOn']>(),
    fiscalYearStartsIn: p.smallint(),
    mode: p.string().$type<BudgetMode>(),
    /** Whether the access profile that the owner follows decides it. */
    fromProfile: p.boolean(),
    createdAt: p.datetime(),
  },
})

export type Budget = InferEntity<typeof BudgetEntity>
