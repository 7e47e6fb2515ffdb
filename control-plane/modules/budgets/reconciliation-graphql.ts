import { builder } from '../../graphql/builder.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { BudgetType } from './graphql.ts'
import {
  type FoundDrift,
  mostDrifts,
  type Reconciliation,
  readDriftsOf,
  readReconciliation,
} from './reconciliation.ts'

const driftDescription =
  'The difference between what was spent and what calls charge, and the one between what is leased and what is left of the leases, added up whatever their direction.'

const BudgetDriftType = builder.objectRef<FoundDrift>('BudgetDrift').implement({
  description: 'A period of a budget whose books do not agree.',
  fields: (t) => ({
    budgetId: t.exposeID('budgetId', { description: 'The budget, removed since or not.' }),
    budget: t.field({
      type: BudgetType,
      nullable: true,
      description: 'The budget as it stands now; null once it is removed.',
      resolve: ({ budgetId }) => budgetId,
    }),
    windowStart: t.expose('windowStart', {
      type: 'DateTime',
      description: 'When the period began; 1970 for a budget that never resets.',
    }),
    spent: t.expose('spent', {
      type: 'NanoUsd',
      description: 'What the budget says was spent of the period, with what a reset forgave.',
    }),
    charged: t.expose('charged', {
      type: 'NanoUsd',
      description: 'What its calls charge, by the usage ledger: this is what is true.',
    }),
    leased: t.expose('leased', { type: 'NanoUsd', description: 'What the budget says is leased.' }),
    remaining: t.expose('remaining', {
      type: 'NanoUsd',
      description: 'What is left of its open leases.',
    }),
    drift: t.expose('drift', { type: 'NanoUsd', description: driftDescription }),
  }),
})

const BudgetReconciliationType = builder.objectRef<Reconciliation>('BudgetReconciliation').implement({
  description: 'What the last comparison of usage ledger, budgets and leases found.',
  fields: (t) => ({
    at: t.expose('at', {
      type: 'DateTime',
      nullable: true,
      description:
        'When it was, by the clock of the control plane that made it; null: nobody has looked yet, and nothing else here says anything. One is due every 30 seconds: an old one means that no control plane works.',
    }),
    drift: t.expose('drift', {
      type: 'NanoUsd',
      description:
        'By how much the books of all budgets that you may see are apart; "0": they agree. Anything else is a fault, or somebody changed the database by hand.',
    }),
    driftCount: t.exposeInt('count', {
      description: 'How many periods of budgets that you may see drift.',
    }),
    drifts: t.field({
      type: [BudgetDriftType],
      description: `What drifts, the largest first, ${mostDrifts} at most; \`driftCount\` counts all.`,
      resolve: ({ drifts }) => [...drifts],
    }),
  }),
})

builder.objectField(BudgetType, 'drift', (t) =>
  t.loadable({
    type: 'NanoUsd',
    nullable: true,
    description: `By how much its books were apart at the last comparison, all its periods together; "0": they agreed. ${driftDescription} Null while nobody has looked.`,
    load: (ids: string[], { services, actor }: RequestContext) => readDriftsOf(services, actor, ids),
    resolve: ({ budget }) => budget.id,
  }),
)

builder.queryField('budgetReconciliation', (t) =>
  t.field({
    type: BudgetReconciliationType,
    permission: 'budgets:view',
    description:
      'Whether what calls charge, what budgets say was spent and leased, and what is left of the leases agree: they are compared every 30 seconds, as of one moment.',
    resolve: (_, _args, { services, actor }) => readReconciliation(services, actor),
  }),
)
