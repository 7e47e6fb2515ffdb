import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import { builder, type InputFields } from '../../graphql/builder.ts'
import {
  expectedSettingsVersionField,
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
  versionDescription,
} from '../../graphql/concurrency-fields.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { PolicyOwnerInput, policyOwnerOf } from '../../graphql/policy-owner-input.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { transactionOf } from '../../service-context.ts'
import { BusinessUnitType } from '../business-units/index.ts'
import { CustomerType } from '../customers/index.ts'
import { OrganizationType } from '../organizations/index.ts'
import { TeamType } from '../teams/index.ts'
import { UserType } from '../users/index.ts'
import { ProfileManaged, ProviderConfigType, VirtualKeyType } from '../virtual-keys/index.ts'
import { PeriodTaken, SeveralBudgets } from './errors.ts'
import { BudgetModeType } from './mode-type.ts'
import { BudgetPeriodType } from './period-type.ts'
import { addBudget, removeBudget, setBudget, updateBudget } from './service.ts'
import { type BudgetStanding, readBudgetStandings } from './standing.ts'
import { BudgetWindowInputType, BudgetWindowType } from './window-graphql.ts'

registerNodeType('bud', 'Budget')

async function loadBudgets(
  { services, actor }: RequestContext,
  by: { readonly ownerKind: GovernedLevel } | 'id',
  ids: readonly string[],
): Promise<(BudgetStanding | null)[]> {
  if (!actor.may('budgets:view')) return ids.map(() => null)
  const where = by === 'id' ? { id: { $in: [...ids] } } : { ...by, ownerId: { $in: [...ids] } }
  const standings = await transactionOf(services, actor, (em) =>
    readBudgetStandings(em, actor, where, services.now()),
  )
  // Oldest last, so that it stands for an owner who has several.
  const found = new Map(
    standings
      .toReversed()
      .map((standing) => [by === 'id' ? standing.budget.id : standing.budget.ownerId, standing]),
  )
  return ids.map((id) => found.get(id) ?? null)
}

export const BudgetType = builder.loadableNodeRef('Budget', {
  id: { resolve: ({ budget }: BudgetStanding) => budget.id },
  load: (ids: string[], context) => loadBudgets(context, 'id', ids),
})

BudgetType.implement({
  description:
    'The most that an owner’s calls may cost in a period. A call is charged to every level above it and runs only while all of them can pay for it.',
  fields: (t) => ({
    limit: t.field({
      type: 'NanoUsd',
      description: 'What may be spent in one period.',
      resolve: ({ budget }) => budget.limitNanoUsd,
    }),
    period: t.field({
      type: BudgetPeriodType,
      description: 'How long it lasts.',
      resolve: ({ budget }) => budget.period,
    }),
    window: t.field({
      type: BudgetWindowType,
      description: 'When its periods begin.',
      resolve: ({ budget }) => budget,
    }),
    mode: t.field({
      type: BudgetModeType,
      description: 'What it sets aside before a call.',
      resolve: ({ budget }) => budget.mode,
    }),
    version: t.int({ description: versionDescription, resolve: ({ budget }) => budget.version }),
    settled: t.expose('settled', {
      type: 'NanoUsd',
      description:
        'What was spent in the present period. More than the limit only when calls of a balanced budget cost more than was set aside for them, or when a provider billed more than a call could cost.',
    }),
    leased: t.expose('leased', {
      type: 'NanoUsd',
      description: 'What data planes hold for calls to come; they give back what they do not spend.',
    }),
    windowStart: t.expose('windowStart', {
      type: 'DateTime',
      description: 'When the present period began; 1970 for one that never resets.',
    }),
    resetsAt: t.expose('resetsAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the next period begins; null: never.',
    }),
  }),
})

/** The field of whoever has one, loaded for all owners of an answer at once. */
function budgetOf(ownerKind: GovernedLevel) {
  return {
    type: BudgetType,
    nullable: true,
    permission: 'budgets:view',
    description: 'The first of its budgets; null: none of its own.',
    deprecationReason: 'Use `budgets`, which has all of them. Removed on 2027-06-01.',
    load: (ids: string[], context: RequestContext) => loadBudgets(context, { ownerKind }, ids),
    resolve: ({ id }: { readonly id: string }) => id,
  } as const
}

function budgetsOf(ownerKind: GovernedLevel) {
  return {
    type: BudgetType,
    permission: 'budgets:view',
    description:
      'What its calls may cost in each period, oldest first: a call is charged to all of them and runs only while each can pay for it. Empty: no limit of its own.',
    load: (ids: string[], { services, actor }: RequestContext) =>
      transactionOf(services, actor, (em) =>
        readBudgetStandings(em, actor, { ownerKind, ownerId: { $in: ids } }, services.now()),
      ),
    // A loadable type may also be given by id; `load` gives standings.
    group: (standing: BudgetStanding | string) => (standing as BudgetStanding).budget.ownerId,
    resolve: ({ id }: { readonly id: string }) => id,
  } as const
}

builder.objectFields(OrganizationType, (t) => ({
  budgets: t.loadableGroup(budgetsOf('organization')),
  budget: t.loadable(budgetOf('organization')),
}))
builder.objectFields(CustomerType, (t) => ({
  budgets: t.loadableGroup(budgetsOf('customer')),
  budget: t.loadable(budgetOf('customer')),
}))
builder.objectFields(BusinessUnitType, (t) => ({
  budgets: t.loadableGroup(budgetsOf('business_unit')),
  budget: t.loadable(budgetOf('business_unit')),
}))
builder.objectFields(TeamType, (t) => ({
  budgets: t.loadableGroup(budgetsOf('team')),
  budget: t.loadable(budgetOf('team')),
}))
builder.objectFields(UserType, (t) => ({
  budgets: t.loadableGroup(budgetsOf('user')),
  budget: t.loadable(budgetOf('user')),
}))
builder.objectFields(VirtualKeyType, (t) => ({
  budgets: t.loadableGroup(budgetsOf('virtual_key')),
  budget: t.loadable(budgetOf('virtual_key')),
}))
builder.objectFields(ProviderConfigType, (t) => ({
  budgets: t.loadableGroup(budgetsOf('provider_config')),
  budget: t.loadable(budgetOf('provider_config')),
}))

const limitDescription = 'What may be spent in one period, at least "1"; "5000000000" is 5 USD.'

const budgetFields = (t: InputFields) => ({
  owner: t.field({ type: PolicyOwnerInput, required: true, description: 'Whom it governs.' }),
  limit: t.field({ type: 'NanoUsd', required: true, description: limitDescription }),
  period: t.field({ type: BudgetPeriodType, required: true, description: 'How long it lasts.' }),
  window: t.field({ type: BudgetWindowInputType, description: 'When its periods begin.' }),
  mode: t.field({
    type: BudgetModeType,
    description: 'What it sets aside before a call: as it is, at first `STRICT`.',
  }),
})

const SetBudgetInput = builder.inputType('SetBudgetInput', {
  description: 'The only budget of one owner.',
  fields: (t) => ({ ...expectedSettingsVersionField(t), ...budgetFields(t) }),
})

const AddBudgetInput = builder.inputType('AddBudgetInput', {
  description: 'One more budget of an owner, who has at most one for each period.',
  fields: (t) => ({ ...idempotencyKeyField(t), ...budgetFields(t) }),
})

const UpdateBudgetInput = builder.inputType('UpdateBudgetInput', {
  description: 'What to change about a budget; a field that is left out stays as it is.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The budget.' }),
    limit: t.field({ type: 'NanoUsd', description: limitDescription }),
    period: t.field({ type: BudgetPeriodType, description: 'How long it lasts.' }),
    window: t.field({ type: BudgetWindowInputType, description: 'When its periods begin.' }),
    mode: t.field({
      type: BudgetModeType,
      description: 'What it sets aside before a call; calls that are under way end as they began.',
    }),
  }),
})

builder.mutationFields((t) => ({
  addBudget: t.field({
    type: BudgetType,
    permission: 'budgets:update',
    description:
      'Gives an owner a budget beside those that it has: a daily and a monthly one, for example. A call is charged to all of them and runs only while each can pay for it.',
    errors: { types: [NotFound, PeriodTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: AddBudgetInput, required: true, description: 'The budget.' }) },
    resolve: (_, { input: { owner, limit, ...rest } }, { services, actor }) =>
      addBudget(services, actor, {
        ...rest,
        owner: policyOwnerOf(actor, owner),
        limitNanoUsd: limit,
      }),
  }),
  updateBudget: t.field({
    type: BudgetType,
    permission: 'budgets:update',
    description: 'Changes a budget; what was spent in the present period stays spent.',
    errors: { types: [NotFound, PeriodTaken, ProfileManaged, StaleUpdate] },
    args: { input: t.arg({ type: UpdateBudgetInput, required: true, description: 'The change.' }) },
    resolve: (_, { input: { limit, ...update } }, { services, actor }) =>
      updateBudget(services, actor, { ...update, limitNanoUsd: limit }),
  }),
  setBudget: t.field({
    type: BudgetType,
    permission: 'budgets:update',
    description:
      'Gives an owner without a budget its first, or changes the only one that it has; what was spent in the present period stays spent. Of an owner with several it changes none: use `updateBudget`.',
    errors: { types: [NotFound, SeveralBudgets, ProfileManaged, StaleUpdate] },
    args: { input: t.arg({ type: SetBudgetInput, required: true, description: 'The budget.' }) },
    resolve: (_, { input: { owner, limit, ...rest } }, { services, actor }) =>
      setBudget(services, actor, {
        ...rest,
        owner: policyOwnerOf(actor, owner),
        limitNanoUsd: limit,
      }),
  }),
  removeBudget: t.field({
    type: DeletedType,
    permission: 'budgets:update',
    description:
      'Takes a budget away: its owner’s calls are bound by its other budgets and the other levels alone.',
    errors: { types: [NotFound, ProfileManaged] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The budget.' }) },
    resolve: (_, { input }, { services, actor }) => removeBudget(services, actor, input.id),
  }),
}))
