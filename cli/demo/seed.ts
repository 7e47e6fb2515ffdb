import { randomBytes } from 'node:crypto'
import type { Prices } from '../../contract/money.ts'
import { simulatedModels } from '../simulator/catalogue.ts'
import {
  AddDemoProviderKey,
  CreateDemoBusinessUnit,
  CreateDemoCustomer,
  CreateDemoModel,
  CreateDemoProvider,
  CreateDemoTeam,
  CreateDemoUser,
  FindDemo,
  IssueDemoKey,
  MoveDemoProvider,
  ReissueDemoKey,
  SetDemoBudget,
} from './documents.ts'
import { accepted, type GraphqlApi } from './graphql-api.ts'

/** Ten dollars a month. */
const demoBudget = { limit: '10000000000', period: 'MONTH' } as const

export interface Demo {
  /** The secret of the demo's virtual key. */
  readonly virtualKey: string
  readonly models: string[]
}

/**
 * Fills an organization with something to try: who pays, who asks, and a provider to ask. What is there already
 * stays, so a start that was interrupted can be repeated; a key whose secret was lost on the way gets a new one.
 */
export async function seedDemo(api: GraphqlApi, providerBaseUrl: string): Promise<Demo> {
  const found = await find(api)
  const [workspaceId] = found.workspaces.values()
  if (workspaceId === undefined) throw new Error('The organization has no workspace')
  const userId = await seedPeople(api, found, workspaceId)
  const providerId = await seedProvider(api, found, providerBaseUrl)

  const { id, secret } = await seedVirtualKey(api, found, { workspaceId, userId, providerId })
  const owner = { virtualKeyId: id }
  accepted((await api.run(SetDemoBudget, { input: { owner, ...demoBudget } })).setBudget, 'Budget')
  return { virtualKey: secret, models: simulatedModels.map((model) => model.name) }
}

/** After a start on another port the demo provider has another address. */
export async function moveDemoProvider(api: GraphqlApi, baseUrl: string): Promise<void> {
  const { demoProvider } = await find(api)
  if (demoProvider === undefined || demoProvider.baseUrl === baseUrl) return
  const { updateProvider } = await api.run(MoveDemoProvider, { input: { id: demoProvider.id, baseUrl } })
  accepted(updateProvider, 'Provider')
}

type Found = Awaited<ReturnType<typeof find>>

async function find(api: GraphqlApi) {
  const found = await api.run(FindDemo, {})
  const demoProvider = found.providers.edges.find(({ node }) => node.name === 'demo')?.node
  const demoModels = found.models.edges.filter(({ node }) => node.provider?.name === 'demo')
  return {
    workspaces: idsByName(found.workspaces.edges),
    customers: idsByName(found.customers.edges),
    businessUnits: idsByName(found.businessUnits.edges),
    teams: idsByName(found.teams.edges),
    users: idsByName(found.users.edges),
    virtualKeys: idsByName(found.virtualKeys.edges),
    models: idsByName(demoModels),
    demoProvider,
  }
}

function idsByName(edges: readonly { node: { id: string; name: string } }[]): ReadonlyMap<string, string> {
  return new Map(edges.map(({ node }) => [node.name, node.id]))
}

/** A customer with a business unit, a team in it and a user in that: the levels that a call is charged to. */
async function seedPeople(api: GraphqlApi, found: Found, workspaceId: string): Promise<string> {
  const customerId =
    found.customers.get('Acme') ??
    accepted(
      (await api.run(CreateDemoCustomer, { input: { workspaceId, name: 'Acme' } })).createCustomer,
      'Customer',
    ).id
  const businessUnit = { customerId, name: 'Research' }
  const businessUnitId =
    found.businessUnits.get(businessUnit.name) ??
    accepted(
      (await api.run(CreateDemoBusinessUnit, { input: businessUnit })).createBusinessUnit,
      'BusinessUnit',
    ).id
  const team = { workspaceId, businessUnitId, name: 'Assistants' }
  const teamId =
    found.teams.get(team.name) ??
    accepted((await api.run(CreateDemoTeam, { input: team })).createTeam, 'Team').id
  const user = { teamId, name: 'Ada', email: 'ada@example.com' }
  return (
    found.users.get(user.name) ??
    accepted((await api.run(CreateDemoUser, { input: user })).createUser, 'User').id
  )
}

async function seedProvider(api: GraphqlApi, found: Found, baseUrl: string): Promise<string> {
  const providerId = found.demoProvider?.id ?? (await createProvider(api, baseUrl))
  for (const { name, maxOutputTokens, prices } of simulatedModels) {
    if (found.models.has(name)) continue
    const input = { providerId, name, maxOutputTokens, prices: pricesInput(prices) }
    accepted((await api.run(CreateDemoModel, { input })).createModel, 'Model')
  }
  return providerId
}

/** The API takes amounts as text, for a GraphQL integer ends at 2.15 dollars. */
function pricesInput(prices: Prices) {
  return {
    inputNanoUsdPerMillionTokens: String(prices.inputNanoUsdPerMillionTokens),
    cachedInputNanoUsdPerMillionTokens: String(prices.cachedInputNanoUsdPerMillionTokens),
    outputNanoUsdPerMillionTokens: String(prices.outputNanoUsdPerMillionTokens),
    imageNanoUsd: String(prices.imageNanoUsd),
  }
}

async function createProvider(api: GraphqlApi, baseUrl: string): Promise<string> {
  // The simulator is on loopback, which a provider may otherwise not be.
  const input = { name: 'demo', baseUrl, allowPrivateNetwork: true }
  const { id: providerId } = accepted(
    (await api.run(CreateDemoProvider, { input })).createProvider,
    'Provider',
  )
  const secret = `sk-demo-${randomBytes(24).toString('hex')}`
  const key = { providerId, name: 'demo', secret, weight: 1 }
  accepted((await api.run(AddDemoProviderKey, { input: key })).addProviderKey, 'ProviderKey')
  return providerId
}

async function seedVirtualKey(
  api: GraphqlApi,
  found: Found,
  ids: { workspaceId: string; userId: string; providerId: string },
): Promise<{ id: string; secret: string }> {
  const existing = found.virtualKeys.get('demo')
  if (existing !== undefined) {
    const { rotateVirtualKey } = await api.run(ReissueDemoKey, { input: { id: existing, overlapSeconds: 0 } })
    return { id: existing, secret: accepted(rotateVirtualKey, 'IssuedVirtualKey').secret }
  }
  const { issueVirtualKey } = await api.run(IssueDemoKey, {
    input: {
      workspaceId: ids.workspaceId,
      name: 'demo',
      owner: { userId: ids.userId },
      providerConfigs: [
        { providerId: ids.providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] },
      ],
    },
  })
  const issued = accepted(issueVirtualKey, 'IssuedVirtualKey')
  return { id: issued.virtualKey.id, secret: issued.secret }
}
