import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import { builder } from '../../graphql/builder.ts'
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
import { ProviderConfigType, VirtualKeyType } from '../virtual-keys/index.ts'
import { removeBudget, setBudget } from './service.ts'
import { type BudgetStanding, readBudgetStandings } from './standing.ts'

registerNodeType('bud', 'Budget')

const BudgetPeriodType = builder.enumType('BudgetPeriod', {
  description: 'How long a budget lasts, by the calendar in UTC.',
  values: {
    DAY: { description: 'Resets at midnight.' },
    WEEK: { description: 'Resets on Monday at midnight.' },
    MONTH: { description: 'Resets on the first of the month.' },
    YEAR: { description: 'Resets on 1 January.' },
    NONE: { description: 'Never resets.' },
  } as const,
})

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
  const found = new Map(
    standings.map((standing) => [by === 'id' ? standing.budget.id : standing.budget.ownerId, standing]),
  )
  return ids.map((id) => found.get(id) ?? null)
}

const BudgetType = builder.loadableNodeRef('Budget', {
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
    settled: t.expose('settled', {
      type: 'NanoUsd',
      description:
        'What was spent in the present period. More than the limit only when a provider billed more than a call could cost.',
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
    description: 'The most that its calls may cost in a period; null: no limit of its own.',
    load: (ids: string[], context: RequestContext) => loadBudgets(context, { ownerKind }, ids),
    resolve: ({ id }: { readonly id: string }) => id,
  } as const
}

builder.objectField(OrganizationType, 'budget', (t) => t.loadable(budgetOf('organization')))
builder.objectField(CustomerType, 'budget', (t) => t.loadable(budgetOf('customer')))
builder.objectField(BusinessUnitType, 'budget', (t) => t.loadable(budgetOf('business_unit')))
builder.objectField(TeamType, 'budget', (t) => t.loadable(budgetOf('team')))
builder.objectField(UserType, 'budget', (t) => t.loadable(budgetOf('user')))
builder.objectField(VirtualKeyType, 'budget', (t) => t.loadable(budgetOf('virtual_key')))
builder.objectField(ProviderConfigType, 'budget', (t) => t.loadable(budgetOf('provider_config')))

const SetBudgetInput = builder.inputType('SetBudgetInput', {
  description: 'The budget of one owner, who has at most one.',
  fields: (t) => ({
    owner: t.field({ type: PolicyOwnerInput, required: true, description: 'Whom it governs.' }),
    limit: t.field({
      type: 'NanoUsd',
      required: true,
      description: 'What may be spent in one period, at least "1"; "5000000000" is 5 USD.',
    }),
    period: t.field({ type: BudgetPeriodType, required: true, description: 'How long it lasts.' }),
  }),
})

builder.mutationFields((t) => ({
  setBudget: t.field({
    type: BudgetType,
    permission: 'budgets:update',
    description: 'Gives an owner a budget or changes it; what was spent in the present period stays spent.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: SetBudgetInput, required: true, description: 'The budget.' }) },
    resolve: (_, { input: { owner, limit, period } }, { services, actor }) =>
      setBudget(services, actor, { owner: policyOwnerOf(actor, owner), limitNanoUsd: limit, period }),
  }),
  removeBudget: t.field({
    type: DeletedType,
    permission: 'budgets:update',
    description: 'Takes a budget away: its owner’s calls are bound by the other levels alone.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The budget.' }) },
    resolve: (_, { input }, { services, actor }) => removeBudget(services, actor, input.id),
  }),
}))
