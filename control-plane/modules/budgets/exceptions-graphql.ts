import { builder } from '../../graphql/builder.ts'
import {
  expectedSettingsVersionField,
  IdempotencyKeyReused,
  repeatKeyField,
  StaleUpdate,
  versionDescription,
} from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { removeBudgetOverride, resetBudgetUsage, setBudgetOverride } from './exceptions.ts'
import { BudgetType } from './graphql.ts'
import type { StoredOverride } from './overrides.ts'

const OverrideType = builder.objectRef<StoredOverride>('BudgetOverride').implement({
  description: 'What is added to the limit of a budget for a while.',
  fields: (t) => ({
    amount: t.field({
      type: 'NanoUsd',
      description: 'How much is added in each period.',
      resolve: ({ amountNanoUsd }) => amountNanoUsd,
    }),
    lastsUntil: t.expose('lastsUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'The end of the last period that it raises; null: it lasts until it is removed.',
    }),
    version: t.exposeInt('version', { description: versionDescription }),
  }),
})

builder.objectFields(BudgetType, (t) => ({
  override: t.expose('override', {
    type: OverrideType,
    nullable: true,
    description: 'What raises the present period; null: nothing.',
  }),
}))

const DurationInput = builder.inputType('BudgetOverrideDurationInput', {
  description: 'How long a budget is raised: exactly one of them.',
  isOneOf: true,
  fields: (t) => ({
    cycles: t.int({
      description:
        'For so many periods of the budget, 1 to 1000, of which the present one is the first; after the last one the limit is what it was. Not for a budget that never resets.',
    }),
    forever: t.boolean({ description: '`true`: until it is removed.' }),
  }),
})

const SetBudgetOverrideInput = builder.inputType('SetBudgetOverrideInput', {
  description: 'What to add to the limit of a budget, instead of what is added now.',
  fields: (t) => ({
    ...expectedSettingsVersionField(t),
    budgetId: t.id({ required: true, description: 'The budget.' }),
    amount: t.field({
      type: 'NanoUsd',
      required: true,
      description: 'How much more may be spent in each period, at least "1"; "5000000000" is 5 USD.',
    }),
    lasts: t.field({ type: DurationInput, required: true, description: 'How long.' }),
  }),
})

const RemoveBudgetOverrideInput = builder.inputType('RemoveBudgetOverrideInput', {
  description: 'The budget that is no longer to be raised.',
  fields: (t) => ({ budgetId: t.id({ required: true, description: 'The budget.' }) }),
})

const ResetBudgetUsageInput = builder.inputType('ResetBudgetUsageInput', {
  description: 'The budget that is to be whole again.',
  fields: (t) => ({
    ...repeatKeyField(t),
    budgetId: t.id({ required: true, description: 'The budget.' }),
  }),
})

builder.mutationFields((t) => ({
  setBudgetOverride: t.field({
    type: BudgetType,
    permission: 'budgets:update',
    description:
      'Adds to the limit of a budget for some of its periods, or until it is removed. It holds at once, for a key that follows an access profile too, and ends by itself. Neither configuration files nor a roll-back know of it.',
    errors: { types: [NotFound, StaleUpdate] },
    args: { input: t.arg({ type: SetBudgetOverrideInput, required: true, description: 'The override.' }) },
    resolve: (_, { input: { budgetId, amount, lasts, expectedVersion } }, { services, actor }) =>
      setBudgetOverride(services, actor, { budgetId, amountNanoUsd: amount, lasts, expectedVersion }),
  }),
  removeBudgetOverride: t.field({
    type: BudgetType,
    permission: 'budgets:update',
    description:
      'Ends what was added to the limit of a budget. What was spent of it stays spent: a budget may then be beyond its limit.',
    errors: { types: [NotFound] },
    args: {
      input: t.arg({ type: RemoveBudgetOverrideInput, required: true, description: 'The budget.' }),
    },
    resolve: (_, { input }, { services, actor }) => removeBudgetOverride(services, actor, input.budgetId),
  }),
  resetBudgetUsage: t.field({
    type: BudgetType,
    permission: 'budgets:update',
    description:
      'Counts what was spent in the present period no longer. What data planes hold counts as before, also when calls that are under way settle it later, so that from now on no more than the limit is spent. Usage stays on record, and the audit event says how much was forgiven.',
    errors: { types: [NotFound, IdempotencyKeyReused] },
    args: { input: t.arg({ type: ResetBudgetUsageInput, required: true, description: 'The budget.' }) },
    resolve: (_, { input }, { services, actor }) => resetBudgetUsage(services, actor, input.budgetId),
  }),
}))
