import { AddDemoProviderKey, CreateDemoProvider, FindDemo, WidenDemoKey } from './documents.ts'
import { accepted, type GraphqlApi } from './graphql-api.ts'

const provider = { name: 'openai', baseUrl: 'https://api.openai.com/v1', catalogue: 'OPENAI' } as const

/**
 * Adds OpenAI with its models and prices, and lets the demo key call it by name (`openai/…`).
 *
 * @returns false when there is a provider of that name already, which is left as it is
 */
export async function addOpenai(api: GraphqlApi, secret: string): Promise<boolean> {
  const found = await api.run(FindDemo, {})
  if (found.providers.edges.some(({ node }) => node.name === provider.name)) return false
  const { createProvider } = await api.run(CreateDemoProvider, { input: provider })
  const { id: providerId } = accepted(createProvider, 'Provider')
  const key = { providerId, name: 'OPENAI_API_KEY', secret, weight: 1 }
  accepted((await api.run(AddDemoProviderKey, { input: key })).addProviderKey, 'ProviderKey')

  const demoKey = found.virtualKeys.edges.find(({ node }) => node.name === 'demo')?.node
  if (demoKey === undefined) return true
  const kept = demoKey.providerConfigs.flatMap(({ provider: current, ...config }) =>
    current === null ? [] : [{ ...config, providerId: current.id }],
  )
  // Without a weight it takes part only when it is asked for: nobody spends real money by accident.
  const added = { providerId, weight: null, allowedModels: ['*'], providerKeyIds: ['*'] }
  const { updateVirtualKey } = await api.run(WidenDemoKey, {
    input: { id: demoKey.id, providerConfigs: [...kept, added] },
  })
  accepted(updateVirtualKey, 'VirtualKey')
  return true
}
