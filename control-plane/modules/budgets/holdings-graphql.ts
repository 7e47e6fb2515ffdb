import { createContextCache } from '@pothos/core'
import DataLoader from 'dataloader'
import { builder } from '../../graphql/builder.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { BudgetType } from './graphql.ts'
import { type DataPlaneHolding, readHoldings, sumHoldings } from './holdings.ts'
import type { BudgetStanding } from './standing.ts'

/** All budgets of an answer at once, whatever is asked of them. */
const loaderOf = createContextCache(
  ({ services, actor }: RequestContext) =>
    new DataLoader((standings: readonly BudgetStanding[]) => readHoldings(services, actor, standings)),
)

const sumOf = async (standing: BudgetStanding, context: RequestContext) => {
  const holdings = await loaderOf(context).load(standing)
  const nothing = { at: null, held: 0n, overspendBound: 0n, unboundedCalls: 0 }
  return holdings.length === 0 ? nothing : sumHoldings(holdings)
}

const silence =
  'Null while that is not known: one of `dataPlanes` was not heard of for 15 seconds, is revoked, has a clock that is off by more than a minute, is of a release that does not tell, or the store between the planes is out of reach. Nobody guesses for it.'

const DataPlaneHoldingType = builder.objectRef<DataPlaneHolding>('BudgetDataPlane').implement({
  description: 'What one data plane has of the present period of a budget.',
  fields: (t) => ({
    dataPlaneId: t.exposeID('dataPlaneId', { description: 'Which one: a `DataPlane`.' }),
    leased: t.expose('leased', {
      type: 'NanoUsd',
      description:
        'What it was leased and has neither reported as spent nor given back: its part of the budget’s `leased`.',
    }),
    held: t.field({
      type: 'NanoUsd',
      nullable: true,
      description: 'What its calls under way have set aside; null: it does not say.',
      resolve: ({ said }) => said?.held,
    }),
    overspendBound: t.field({
      type: 'NanoUsd',
      nullable: true,
      description: 'By how much its calls can overspend the budget at most; null: it does not say.',
      resolve: ({ said }) => said?.overspendBound,
    }),
    unboundedCalls: t.int({
      nullable: true,
      description:
        'How many of its calls under way may cost nobody can say how much; they are not in the bound. Null: it does not say.',
      resolve: ({ said }) => said?.unboundedCalls,
    }),
    asOf: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it said so, by its own clock; null: it does not say.',
      resolve: ({ said }) => said?.at,
    }),
  }),
})

builder.objectFields(BudgetType, (t) => ({
  held: t.field({
    type: 'NanoUsd',
    nullable: true,
    description: `What calls under way have set aside of \`leased\`, over all data planes, each as of its last word, which is a second old while calls come and go: \`heldAsOf\` says how old. A call sets its share aside before its provider is asked, and when it ends what it did cost goes to \`settled\` once its record has arrived. Calls that began in an earlier period are not in it, for that one pays for them. ${silence}`,
    resolve: async (standing, _, context) => (await sumOf(standing, context))?.held,
  }),
  heldAsOf: t.field({
    type: 'DateTime',
    nullable: true,
    description:
      'When the data plane spoke whose word is the oldest of those that `held`, `overspendBound` and `unboundedCalls` add up, by its own clock; null when no data plane has a lease, or one of them does not say.',
    resolve: async (standing, _, context) => (await sumOf(standing, context))?.at,
  }),
  overspendBound: t.field({
    type: 'NanoUsd',
    nullable: true,
    description: `By how much calls can overspend the budget at most, over all data planes, as of \`heldAsOf\`: what those under way may cost beyond what is set aside for them, and what ended ones did and may not be in \`settled\` yet. "0" of a strict budget, unless a provider billed more than a call could cost. Calls of \`unboundedCalls\` are not in it. ${silence}`,
    resolve: async (standing, _, context) => (await sumOf(standing, context))?.overspendBound,
  }),
  unboundedCalls: t.int({
    nullable: true,
    description: `Calls under way of which nobody can say how much they may cost, only how much such calls did, over all data planes, as of \`heldAsOf\`; 0 of a strict budget, which refuses them. ${silence}`,
    resolve: async (standing, _, context) => (await sumOf(standing, context))?.unboundedCalls,
  }),
  dataPlanes: t.field({
    type: [DataPlaneHoldingType],
    description: 'Who has leases of its present period, and what they say of them; empty: nobody.',
    resolve: async (standing, _, context) => [...(await loaderOf(context).load(standing))],
  }),
}))
