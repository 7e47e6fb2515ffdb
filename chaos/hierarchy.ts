import type { Planes } from '../test/acceptance/planes.ts'

/** A key at the bottom of a chain with every level that can carry a budget. */
export interface GovernedKey {
  readonly secret: string
  /** Sets the same budget, of one period that never ends, on each level. @returns the budgets' ids */
  limit(nanoUsd: number): Promise<readonly string[]>
}

type Made = { readonly id?: string; readonly message?: string }

/** Runs a mutation with one input. @throws Error in the API's own words when it refuses */
async function mutate<T>({ graphql }: Planes, field: string, input: object, selection: string): Promise<T> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const answer = await graphql<Record<string, T & { readonly message?: string }>>(
    `mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} ... on Refusal { message } } }`,
    { input },
  )
  const result = answer[field]
  if (!result || result.message !== undefined) throw new Error(`${field}: ${result?.message}`)
  return result
}

async function create(planes: Planes, field: string, type: string, input: object): Promise<string> {
  const { id } = await mutate<Made>(planes, field, input, `... on ${type} { id }`)
  return id ?? ''
}

/** What the simulator bills for any of its chat models. */
const prices = {
  inputNanoUsdPerMillionTokens: '150000000',
  cachedInputNanoUsdPerMillionTokens: '75000000',
  outputNanoUsdPerMillionTokens: '600000000',
}

interface Issued {
  readonly secret: string
  readonly virtualKey: { readonly id: string; readonly providerConfigs: readonly { readonly id: string }[] }
}

/** @param models of the demo provider, beside `demo-chat`, that the key may use too */
export async function createGovernedKey(planes: Planes, models: readonly string[]): Promise<GovernedKey> {
  const { workspaceId, providerId } = planes.demo
  for (const name of models) {
    await create(planes, 'createModel', 'Model', { providerId, name, maxOutputTokens: 16_384, prices })
  }
  const customerId = await create(planes, 'createCustomer', 'Customer', { workspaceId, name: 'Customer' })
  const businessUnitId = await create(planes, 'createBusinessUnit', 'BusinessUnit', {
    customerId,
    name: 'Unit',
  })
  const teamId = await create(planes, 'createTeam', 'Team', { workspaceId, businessUnitId, name: 'Team' })
  const userId = await create(planes, 'createUser', 'User', { teamId, name: 'User' })
  const { secret, virtualKey } = await mutate<Issued>(
    planes,
    'issueVirtualKey',
    {
      ...{ workspaceId, name: 'chaos', owner: { userId } },
      providerConfigs: [{ providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] }],
    },
    '... on IssuedVirtualKey { secret virtualKey { id providerConfigs { id } } }',
  )
  const owners = [
    { organization: true },
    ...[{ customerId }, { businessUnitId }, { teamId }, { userId }],
    ...[{ virtualKeyId: virtualKey.id }, { providerConfigId: virtualKey.providerConfigs[0]?.id }],
  ]
  return {
    secret,
    async limit(nanoUsd) {
      const ids: string[] = []
      for (const owner of owners) {
        const input = { owner, limit: String(nanoUsd), period: 'NONE' }
        ids.push(await create(planes, 'setBudget', 'Budget', input))
      }
      return ids
    },
  }
}
