import { models } from './cases.ts'

const timeoutMs = 30_000

type Fields = Record<string, unknown>

/** The control plane's GraphQL API, as any administrator uses it. */
export class AdminApi {
  readonly #url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.#url = url
    this.#token = token
  }

  /** Runs a mutation with one input. @throws Error in the API's own words when it refuses. */
  async mutate(name: string, input: Fields, selection: string): Promise<Fields> {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`
    const query = `mutation Bench($input: ${type}!) {
      ${name}(input: $input) { ${selection} }
    }`
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { input } }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const { data, errors } = (await response.json()) as { data?: Record<string, Fields>; errors?: unknown }
    const result = data?.[name]
    if (errors || !result || 'message' in result) {
      throw new Error(`${name} was refused: ${JSON.stringify(errors ?? result)}`)
    }
    return result
  }

  async create(name: string, type: string, input: Fields): Promise<string> {
    const { id } = await this.mutate(name, input, `... on ${type} { id } ... on Refusal { message }`)
    return String(id)
  }
}

/** A million dollars a month: the budget is charged and checked on every call and never ends the run. */
const budget = { limit: '1000000000000000', period: 'MONTH' }
const limit = { maxRequests: 1_000_000, windowSeconds: 10 }

export interface BenchKey {
  readonly secret: string
  /** The key, its provider config, and the budgets and limits that are its own. */
  readonly ids: readonly string[]
}

/** A key at the bottom of a customer with every level that Gatehouse knows, without a budget or a limit on any. */
export async function createKey(
  api: AdminApi,
  providerBaseUrl: string,
): Promise<{ readonly key: BenchKey; readonly owners: readonly Fields[] }> {
  const providerId = await createProvider(api, providerBaseUrl)
  const workspaceId = await api.create('createWorkspace', 'Workspace', { name: 'Bench' })
  const customerId = await api.create('createCustomer', 'Customer', { workspaceId, name: 'Customer' })
  const businessUnitId = await api.create('createBusinessUnit', 'BusinessUnit', { customerId, name: 'Unit' })
  const teamId = await api.create('createTeam', 'Team', { workspaceId, businessUnitId, name: 'Team' })
  const userId = await api.create('createUser', 'User', { teamId, name: 'User', email: 'user@example.com' })
  const { secret, virtualKey } = (await api.mutate(
    'issueVirtualKey',
    {
      workspaceId,
      name: 'Bench',
      owner: { userId },
      providerConfigs: [{ providerId, weight: 1, allowedModels: models, providerKeyIds: ['*'] }],
    },
    '... on IssuedVirtualKey { secret virtualKey { id providerConfigs { id } } } ... on Refusal { message }',
  )) as { secret: string; virtualKey: { id: string; providerConfigs: { id: string }[] } }
  const own = [virtualKey.id, ...virtualKey.providerConfigs.map(({ id }) => id)]
  return {
    key: { secret, ids: own },
    owners: [
      { organization: true },
      ...[{ customerId }, { businessUnitId }, { teamId }, { userId }],
      ...[{ virtualKeyId: virtualKey.id }, { providerConfigId: own[1] }],
    ],
  }
}

/** The same with a budget and a request limit on each of the seven levels. */
export async function createGovernedKey(api: AdminApi, providerBaseUrl: string): Promise<BenchKey> {
  const { key, owners } = await createKey(api, providerBaseUrl)
  const ids: string[] = []
  for (const owner of owners) {
    const budgetId = await api.create('setBudget', 'Budget', { owner, ...budget })
    const limitId = await api.create('setRequestLimit', 'RequestLimit', { owner, ...limit })
    if ('virtualKeyId' in owner || 'providerConfigId' in owner) ids.push(budgetId, limitId)
  }
  return { secret: key.secret, ids: [...key.ids, ...ids] }
}

async function createProvider(api: AdminApi, baseUrl: string): Promise<string> {
  const providerId = await api.create('createProvider', 'Provider', {
    name: 'bench',
    baseUrl,
    allowPrivateNetwork: true,
  })
  await api.create('addProviderKey', 'ProviderKey', {
    providerId,
    name: 'bench',
    secret: 'sk-upstream',
    weight: 1,
  })
  const prices = {
    inputNanoUsdPerMillionTokens: '150000000',
    cachedInputNanoUsdPerMillionTokens: '75000000',
    outputNanoUsdPerMillionTokens: '600000000',
    imageNanoUsd: '0',
  }
  for (const name of models) {
    await api.create('createModel', 'Model', { providerId, name, maxOutputTokens: 4096, prices })
  }
  return providerId
}
