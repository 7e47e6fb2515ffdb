import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { eventually } from '../transport/poll.ts'

let gateway: Gateway
let place: { workspaceId: string; teamId: string; providerId: string; otherProviderId: string }

beforeAll(async () => {
  gateway = await startGateway()
  const { data } = await gateway.graphql<{
    workspaces: { edges: { node: { id: string } }[] }
    teams: { edges: { node: { id: string } }[] }
    providers: { edges: { node: { id: string } }[] }
  }>(
    '{ workspaces { edges { node { id } } } teams { edges { node { id } } } providers { edges { node { id } } } }',
  )
  const first = (list?: { edges: { node: { id: string } }[] }) => list?.edges[0]?.node.id ?? ''
  const otherProviderId = await mutate('createProvider', 'Provider', {
    name: 'other',
    baseUrl: gateway.simulator.baseUrl,
    allowPrivateNetwork: true,
  })
  await mutate('addProviderKey', 'ProviderKey', {
    providerId: otherProviderId,
    name: 'main',
    secret: 'sk-other-0123456789',
  })
  place = {
    workspaceId: first(data?.workspaces),
    teamId: first(data?.teams),
    providerId: first(data?.providers),
    otherProviderId,
  }
}, 60_000)
afterAll(() => gateway.stop())

/** The id of what a mutation made or changed. */
async function mutate(field: string, type: string, input: object, selection = 'id'): Promise<string> {
  const inputType = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const { data, errors } = await gateway.graphql<Record<string, Record<string, string>>>(
    `mutation($input: ${inputType}!) { ${field}(input: $input) { ... on ${type} { ${selection} } ... on Refusal { message } } }`,
    { input },
  )
  const made = data?.[field]
  if (!made || made.message !== undefined) throw new Error(JSON.stringify({ made, errors }))
  return made.id ?? JSON.stringify(made)
}

async function issue(config: object, key: object = {}): Promise<{ id: string; secret: string }> {
  const { workspaceId, teamId, providerId } = place
  const input = {
    ...{ workspaceId, name: 'scoped', owner: { teamId } },
    providerConfigs: [{ providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'], ...config }],
    ...key,
  }
  const made = JSON.parse(
    await mutate('issueVirtualKey', 'IssuedVirtualKey', input, 'secret virtualKey { id }'),
  )
  await applied()
  return { id: made.virtualKey.id, secret: made.secret }
}

/** The data plane runs the newest configuration. */
async function applied(): Promise<void> {
  await eventually('the configuration is applied', async () => {
    const { data } = await gateway.graphql<{
      configuration: { revision: number }
      dataPlanes: { edges: { node: { appliedRevision: number | null } }[] }
    }>('{ configuration { revision } dataPlanes { edges { node { appliedRevision } } } }')
    const newest = data?.configuration.revision ?? Number.POSITIVE_INFINITY
    return data?.dataPlanes.edges.every(({ node }) => (node.appliedRevision ?? 0) >= newest) || undefined
  })
}

async function ask(secret: string, model: string): Promise<string> {
  const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  const body = (await response.json()) as { error?: { type: string } }
  return body.error ? `${response.status} ${body.error.type}` : String(response.status)
}

describe('what a key may use, from GraphQL to the data plane [X0-22]', () => {
  it('a pattern allows the models that it matches, and no other', async () => {
    const { secret } = await issue({ allowedModels: ['regex:demo-(chat|reasoning)'] })
    expect(await ask(secret, 'demo-chat')).toBe('200')
    expect(await ask(secret, 'demo/demo-reasoning')).toBe('200')
    expect(await ask(secret, 'demo-embedding')).toBe('403 model_blocked')
    expect(await ask(secret, 'demo-chat-2')).toBe('403 model_blocked')
  })

  it('a blocked model is refused though all are allowed, whatever its case', async () => {
    const { secret } = await issue({ blockedModels: ['demo-chat', 'regex:demo-err.*'] })
    expect(await ask(secret, 'demo-reasoning')).toBe('200')
    expect(await ask(secret, 'demo-chat')).toBe('403 model_blocked')
    expect(await ask(secret, 'Demo-Chat')).toBe('403 model_blocked')
    expect(await ask(secret, 'demo-error-500')).toBe('403 model_blocked')
  })

  it('an alias of a blocked model is blocked too', async () => {
    const { providerId } = place
    await mutate('createModel', 'Model', { providerId, name: 'quick', upstreamName: 'demo-chat' })
    const open = await issue({})
    const { secret } = await issue({ blockedModels: ['demo-chat'] })
    expect(await ask(open.secret, 'quick')).toBe('200')
    expect(await ask(secret, 'quick')).toBe('403 model_blocked')
  })

  it('the list of models has what the key may use, no more', async () => {
    const { secret } = await issue({ allowedModels: ['regex:demo-.*'], blockedModels: ['demo-image'] })
    const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/models`, {
      headers: { authorization: `Bearer ${secret}` },
    })
    const { data } = (await response.json()) as { data: { id: string }[] }
    const names = data.map(({ id }) => id)
    expect(names).toContain('demo-embedding')
    expect(names).not.toContain('demo-image')
    expect(names).not.toContain('quick')
  })

  it('a provider configuration can be switched off', async () => {
    const { secret } = await issue({ active: false })
    expect(await ask(secret, 'demo-chat')).toBe('403 provider_blocked')
    expect(await ask(secret, 'demo/demo-chat')).toBe('403 provider_blocked')
  })

  it('a key for all providers may name one that it has no configuration for', async () => {
    const narrow = await issue({})
    const wide = await issue({}, { allowAllProviders: true })
    expect(await ask(narrow.secret, 'other/demo-chat')).not.toBe('200')
    expect(await ask(wide.secret, 'other/demo-chat')).toBe('200')
  })
})

describe('what a user may use, from GraphQL to the data plane [S0-24]', () => {
  it('holds for every key that they own, and no longer than it is set', async () => {
    const userId = await mutate('createUser', 'User', { name: 'Ada' })
    const owner = { userId }
    const keys = [await issue({}, { owner }), await issue({}, { owner, allowAllProviders: true })]
    const ofTeam = await issue({})
    const each = (model: string) => Promise.all(keys.map(({ secret }) => ask(secret, model)))
    expect(await each('demo-chat')).toEqual(['200', '200'])

    await mutate('setUserAccess', 'User', { userId, allowedProviders: ['demo'], deniedModels: ['demo-chat'] })
    await applied()
    expect(await each('demo-chat')).toEqual(['403 user_not_authorized', '403 user_not_authorized'])
    expect(await each('demo-reasoning')).toEqual(['200', '200'])
    expect(await ask(keys[1]?.secret ?? '', 'other/demo-reasoning')).toBe('403 user_not_authorized')
    expect(await ask(ofTeam.secret, 'demo-chat')).toBe('200')
    const later = await issue({}, { owner })
    expect(await ask(later.secret, 'demo-chat')).toBe('403 user_not_authorized')
    const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/models`, {
      headers: { authorization: `Bearer ${later.secret}` },
    })
    const { data } = (await response.json()) as { data: { id: string }[] }
    expect(data.map(({ id }) => id)).toContain('demo-reasoning')
    expect(data.map(({ id }) => id)).not.toContain('demo-chat')

    await mutate('setUserAccess', 'User', { userId, deniedModels: [] })
    await applied()
    expect(await each('demo-chat')).toEqual(['200', '200'])
  })
})

describe('several budgets and limits of one owner', () => {
  const busy = '503 budget_unavailable'

  it('the tighter budget refuses, and both are charged', async () => {
    const { id, secret } = await issue({})
    const owner = { virtualKeyId: id }
    const daily = await mutate('addBudget', 'Budget', { owner, limit: '60000', period: 'DAY' })
    const monthly = await mutate('addBudget', 'Budget', { owner, limit: '10000000', period: 'MONTH' })
    await applied()
    const statuses: string[] = []
    // Whether a budget has room may not be known in time on a busy machine.
    while (statuses.length < 200 && ['200', busy, undefined].includes(statuses.at(-1))) {
      statuses.push(await ask(secret, 'demo-chat'))
    }
    const served = statuses.filter((status) => status === '200').length
    expect(statuses.at(-1)).toBe('402 budget_exceeded')
    expect(served).toBeGreaterThan(0)
    const spending = await eventually('both windows are settled', async () => {
      const { data } = await gateway.graphql<{
        virtualKey: { budgets: { id: string; settled: string; leased: string }[] }
        usage: { totals: { costNanoUsd: string; requests: number } }
      }>(
        `query($id: ID!) { virtualKey(id: $id) { budgets { id settled leased } }
           usage(filter: { virtualKeyId: $id, outcome: succeeded }) { totals { costNanoUsd requests } } }`,
        { id },
      )
      const { virtualKey, usage } = data ?? {}
      const isSettled = virtualKey?.budgets.every(({ settled }) => settled === usage?.totals.costNanoUsd)
      return isSettled && usage?.totals.requests === served ? virtualKey?.budgets : undefined
    })
    expect(spending.map((budget) => budget.id)).toEqual([daily, monthly])
    expect(spending[0]?.settled).not.toBe('0')
    expect(spending[0]?.settled).toBe(spending[1]?.settled)
  })

  it('the tighter request limit refuses', async () => {
    const { id, secret } = await issue({})
    const owner = { virtualKeyId: id }
    await mutate('addRequestLimit', 'RequestLimit', { owner, maxRequests: 100, windowSeconds: 60 })
    await mutate('addRequestLimit', 'RequestLimit', { owner, maxRequests: 1, windowSeconds: 3600 })
    await applied()
    expect(await ask(secret, 'demo-chat')).toBe('200')
    expect(await ask(secret, 'demo-chat')).toBe('429 request_limited')
  })
})
