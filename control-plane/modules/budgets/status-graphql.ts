import { builder } from '../../graphql/builder.ts'
import { PolicyOwnerInput, policyOwnerOf } from '../../graphql/policy-owner-input.ts'
import { type Forecast, forecast } from './forecast.ts'
import { BudgetType } from './graphql.ts'
import { GovernedLevelType } from './level-type.ts'
import { type BudgetStatus, type LevelStatus, readBudgetStatus, remainingOf } from './status.ts'

const ForecastType = builder.objectRef<Forecast>('BudgetForecast').implement({
  description: 'What comes of the present period if spending goes on at its mean rate so far.',
  fields: (t) => ({
    projected: t.expose('projected', {
      type: 'NanoUsd',
      nullable: true,
      description: 'What is spent by its end, were there no limit; null for a budget that never resets.',
    }),
    exhaustedAt: t.expose('exhaustedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the limit is reached; the moment of the answer when it is already; null: not in this period.',
    }),
  }),
})

builder.objectFields(BudgetType, (t) => ({
  effectiveLimit: t.expose('effectiveLimit', {
    type: 'NanoUsd',
    description: 'What may be spent in the present period: the limit, and what an override adds.',
  }),
  remaining: t.field({
    type: 'NanoUsd',
    description:
      'What of it is not spent, with what is leased. A call is refused when less is left than the most that it could cost.',
    resolve: remainingOf,
  }),
  forecast: t.field({
    type: ForecastType,
    nullable: true,
    description:
      'Null while it is too early to tell: before a twentieth of the period has passed, or an hour of a budget that never resets. It counts from the beginning of the budget, or from the last reset of its usage, where that is later.',
    resolve: ({ settled, effectiveLimit, since, resetsAt }, _, { services }) =>
      forecast({ settled, limit: effectiveLimit, since, endsAt: resetsAt }, services.now()),
  }),
}))

const LevelStatusType = builder.objectRef<LevelStatus>('BudgetLevelStatus').implement({
  description: 'The budgets of one level that a call is charged to.',
  fields: (t) => ({
    level: t.field({
      type: GovernedLevelType,
      description: 'Which it is.',
      resolve: ({ owner }) => owner.kind,
    }),
    ownerId: t.id({ description: 'Whose budgets they are.', resolve: ({ owner }) => owner.id }),
    budgets: t.field({
      type: [BudgetType],
      description: 'Oldest first; empty: this level limits nothing.',
      resolve: ({ budgets }) => [...budgets],
    }),
  }),
})

const BudgetStatusType = builder.objectRef<BudgetStatus>('BudgetStatus').implement({
  description: 'How the budgets stand that calls are charged to: a call runs only while each can pay for it.',
  fields: (t) => ({
    remaining: t.field({
      type: 'NanoUsd',
      nullable: true,
      description: 'The least that is left of any of them; null: there is no budget.',
      resolve: ({ levels }) => {
        const left = levels.flatMap(({ budgets }) => budgets.map(remainingOf))
        return left.length === 0 ? null : left.reduce((least, one) => (one < least ? one : least))
      },
    }),
    levels: t.field({
      type: [LevelStatusType],
      description: 'From the organization down to whom was asked for, as far as you may see them.',
      resolve: ({ levels }) => [...levels],
    }),
  }),
})

builder.queryField('budgetStatus', (t) =>
  t.field({
    type: BudgetStatusType,
    nullable: true,
    permission: 'budgets:view',
    description:
      'How all budgets stand that the calls of an owner are charged to: its own, and those of the levels above it. Null when there is no such owner, or none that you may see.',
    args: {
      owner: t.arg({ type: PolicyOwnerInput, required: true, description: 'Whose calls.' }),
    },
    resolve: (_, { owner }, { services, actor }) =>
      readBudgetStatus(services, actor, policyOwnerOf(actor, owner)),
  }),
)
