import type { FilterQuery } from '@mikro-orm/core'
import { builder } from '../../graphql/builder.ts'
import { thresholdPercents } from '../../leases/thresholds.ts'
import { followRows } from '../../live/follow-rows.ts'
import { type BudgetCrossing, BudgetCrossingEntity } from './crossing-entity.ts'
import { BudgetType } from './graphql.ts'
import { GovernedLevelType } from './level-type.ts'
import { visibleTo } from './standing.ts'

const CrossingType = builder.objectRef<BudgetCrossing>('BudgetThresholdCrossing').implement({
  description:
    'A budget reached a share of its limit. Each is an audit event too, `budget.threshold_crossed`.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'What a stream is resumed behind.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When the control plane noticed.' }),
    budget: t.field({
      type: BudgetType,
      nullable: true,
      description: 'The budget as it stands now; null once it is removed.',
      resolve: ({ budgetId }) => budgetId,
    }),
    level: t.field({
      type: GovernedLevelType,
      description: 'Where the budget is.',
      resolve: ({ ownerKind }) => ownerKind,
    }),
    ownerId: t.exposeID('ownerId', { description: 'Whose budget it is.' }),
    percent: t.exposeInt('percent', {
      description: `Which share of the limit is spent: ${thresholdPercents.join(', ')}.`,
    }),
    limit: t.field({
      type: 'NanoUsd',
      description: 'The limit of the period at that moment, with what an override added.',
      resolve: ({ limitNanoUsd }) => limitNanoUsd,
    }),
    settled: t.field({
      type: 'NanoUsd',
      description: 'What was spent of it at that moment.',
      resolve: ({ settledNanoUsd }) => settledNanoUsd,
    }),
    windowStart: t.field({
      type: 'DateTime',
      description: 'When the period began; 1970 for a budget that never resets.',
      resolve: ({ windowStartsAt }) => windowStartsAt,
    }),
    resetsAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the period ends; null: never.',
      resolve: ({ windowEndsAt }) => windowEndsAt,
    }),
  }),
})

builder.subscriptionField('budgetThresholdCrossed', (t) =>
  t.field({
    type: CrossingType,
    permission: 'budgets:view',
    description:
      'Each time that a budget has spent 50, 80 or 100 percent of its limit, once in a period and none left out; again when it lay below meanwhile, because its limit was raised or its usage reset. A call that might cost more than is left is refused before the last nano-USD is spent, so a budget may refuse calls and yet not reach 100 percent.',
    args: {
      budgetId: t.arg.id({ description: 'Only of this budget.' }),
      after: t.arg.id({ description: 'Begin behind this event, the last one that you have; without: now.' }),
    },
    subscribe: (_, { budgetId, after }, context) =>
      followRows<BudgetCrossing>(context, {
        topic: 'crossings',
        permission: 'budgets:view',
        table: 'budget_crossings',
        entity: BudgetCrossingEntity,
        where: (actor) =>
          ({ ...visibleTo(actor), ...(budgetId != null && { budgetId }) }) as FilterQuery<BudgetCrossing>,
        after,
      }),
    resolve: (crossing) => crossing,
  }),
)
