import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './gateway.ts'
import { type Answer, type Configured, GatewayWithPlugins } from './gateway-with-plugins.ts'

const afterRbac = { side: 'AFTER', of: 'rbac' } as const
let house: GatewayWithPlugins

beforeAll(async () => {
  house = await GatewayWithPlugins.start()
}, 180_000)
afterAll(() => house?.stop())

function errorOf({ response, status, text }: Answer) {
  const { error } = JSON.parse(text) as { error: Record<string, unknown> }
  return { status, error, requestId: response.headers.get('x-request-id') }
}

describe('a plugin from a file anywhere on the disk', () => {
  it('is known with its version and schema as soon as a data plane has loaded it, and is off', async () => {
    const { plugins } = await house.gateway.graphql<{
      plugins: { edges: { node: { name: string; configSchema: unknown } }[] }
    }>('{ plugins { edges { node { name version builtin enabled configSchema } } } }')
    const found = plugins.edges.map(({ node }) => node)
    expect(found.find(({ name }) => name === 'house-rules')).toMatchObject({
      ...{ version: '2.3.4', builtin: false, enabled: false },
      configSchema: { properties: { banned: { type: 'string', minLength: 1 } } },
    })
    expect(found.map(({ name }) => name)).not.toContain('unnamed')
    expect((await house.call('a brawl')).status).toBe(200)
  })

  it.each([false, true])(
    'denies by its own rule, in the one error shape, before a provider is asked; stream: %s',
    async (stream) => {
      await house.apply({
        name: 'house-rules',
        enabled: true,
        position: afterRbac,
        config: { banned: 'brawl' },
      })
      const before = house.gateway.providerCalls().length
      const { status, error, requestId } = errorOf(await house.call('a brawl', { stream }))
      expect(status).toBe(403)
      expect(error).toEqual({
        ...{ type: 'user_not_authorized', code: 'user_not_authorized', message: 'Not in this house' },
        ...{ param: null, request_id: requestId },
      })
      expect(house.gateway.providerCalls()).toHaveLength(before)
      expect((await house.call('a tea party', { stream })).status).toBe(200)
      expect(house.gateway.providerCalls()).toHaveLength(before + 1)
    },
  )

  it('leaves its refusal in usage and audit, and in its own counters', async () => {
    const { error } = errorOf(await house.call('another brawl'))
    const query = `{ usage(first: 1) { edges { node { requestId outcome errorCode costNanoUsd } } }
      auditEvents(first: 1) { edges { node { type outcome details } } } }`
    let seen: Record<'usage' | 'auditEvents', unknown> | undefined
    await eventually(
      async () => {
        seen = await house.gateway.graphql<Record<'usage' | 'auditEvents', unknown>>(query)
        // Each list is read on its own: one may be of before the record, the other of after it.
        return Object.values(seen).every((list) => JSON.stringify(list).includes(String(error.request_id)))
      },
      30_000,
      () => JSON.stringify(seen),
    )
    expect(seen).toMatchObject({
      usage: { edges: [{ node: { outcome: 'denied', errorCode: 'user_not_authorized', costNanoUsd: '0' } }] },
      auditEvents: { edges: [{ node: { type: 'inference.denied' } }] },
    })
    const status = await fetch(`${house.gateway.statusUrl}/status/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ plugins { name version enabled denials errors } }' }),
    })
    const { data } = (await status.json()) as { data: { plugins: { name: string; denials: number }[] } }
    const counted = data.plugins.find(({ name }) => name === 'house-rules')
    expect(counted).toMatchObject({ version: '2.3.4', enabled: true, errors: 0 })
    expect(counted?.denials).toBeGreaterThanOrEqual(3)
  })

  it('the example package works the same way', async () => {
    const words = { name: 'block-words', enabled: true, position: { side: 'BEFORE', of: 'budget' } as const }
    await house.apply({ ...words, config: { words: ['falcon'], message: 'Ask legal first' } })
    const before = house.gateway.providerCalls().length
    const { status, error } = errorOf(await house.call('Tell me about the FALCON'))
    expect({ status, type: error.type, message: error.message }).toEqual({
      ...{ status: 403, type: 'compliance_violation', message: 'Ask legal first' },
    })
    expect(house.gateway.providerCalls()).toHaveLength(before)
    await house.apply({ name: 'block-words', enabled: false })
    expect((await house.call('Tell me about the FALCON')).status).toBe(200)
  })
})

describe('a plugin that breaks', () => {
  afterAll(() => house.apply({ name: 'house-rules', config: { banned: 'brawl' } }))

  it.each([
    { breaksIn: 'onCall', throws: 'error' },
    { breaksIn: 'onCall', throws: 'later' },
    { breaksIn: 'onCall', throws: 'nothing' },
    { breaksIn: 'onUpstream', throws: 'error' },
    { breaksIn: 'onUpstream', throws: 'later' },
    { breaksIn: 'onUpstream', throws: 'nothing' },
  ])(
    'in $breaksIn ($throws) refuses the call with 500, tells nothing of itself and asks no provider',
    async (bug) => {
      await house.apply({ name: 'house-rules', config: { banned: 'brawl', ...bug } })
      for (const stream of [false, true]) {
        const before = house.gateway.providerCalls().length
        const answer = await house.call('a tea party', { stream })
        const { status, error } = errorOf(answer)
        expect({ status, type: error.type }).toEqual({ status: 500, type: 'plugin_error' })
        expect(answer.text).not.toContain('operator only')
        expect(house.gateway.providerCalls()).toHaveLength(before)
      }
    },
  )

  it('in onChunk breaks the stream off with an error that the caller can read', async () => {
    await house.apply({ name: 'house-rules', config: { banned: 'brawl', breaksIn: 'onChunk' } })
    const { text } = await house.call('a tea party', { stream: true }).catch(() => ({ text: 'plugin_error' }))
    expect(text).toContain('plugin_error')
    expect(text).not.toContain('[DONE]')
    expect(text).not.toContain('operator only')
  })

  it.each(['error', 'later', 'nothing'])(
    'in onComplete (%s) harms neither the answer nor its record',
    async (throws) => {
      await house.apply({ name: 'house-rules', config: { banned: 'brawl', breaksIn: 'onComplete', throws } })
      const answer = await house.call('a tea party')
      expect(answer.status).toBe(200)
      const requestId = answer.response.headers.get('x-request-id') ?? 'none'
      const recorded = '{ usage(first: 5) { edges { node { requestId outcome } } } }'
      await eventually(
        async () => JSON.stringify(await house.gateway.graphql(recorded)).includes(requestId),
        30_000,
        () => `no usage record of ${requestId}`,
      )
    },
  )
})

describe('its configuration', () => {
  it('changes while traffic runs, takes effect, and not a single call fails', async () => {
    let isRunning = true
    const answered = { whole: 0, streamed: 0 }
    const failed: unknown[] = []
    const traffic = [false, false, true].map(async (stream) => {
      while (isRunning) {
        const { status, text } = await house.call('a tea party', { stream })
        if (status !== 200 || (stream && !text.includes('[DONE]'))) failed.push({ status, text })
        answered[stream ? 'streamed' : 'whole']++
      }
    })
    try {
      for (const banned of ['brawl', 'duel', 'feud', 'riot', 'brawl']) {
        await house.apply({ name: 'house-rules', enabled: true, position: afterRbac, config: { banned } })
        expect(errorOf(await house.call(`a ${banned}`)).error).toMatchObject({ message: 'Not in this house' })
        const other = banned === 'duel' ? 'feud' : 'duel'
        expect((await house.call(`a ${other}`)).status).toBe(200)
        const { whole, streamed } = { ...answered }
        await eventually(() => answered.whole > whole && answered.streamed > streamed, 30_000)
      }
    } finally {
      isRunning = false
      await Promise.all(traffic)
    }
    expect(failed).toEqual([])
  })

  it.each([
    [{ banned: 7 }, /\/banned/],
    [{ banned: '' }, /\/banned/],
    [{}, /banned/],
    [{ banned: 'brawl', volume: 11 }, /volume/],
  ])(
    'is refused when its schema does: %j, with the field named, and nothing changes',
    async (config, field) => {
      const before = await house.revision()
      const refused = await house.configure({ name: 'house-rules', config })
      expect(refused).toMatchObject({ __typename: 'PluginConfigInvalid', code: 'PLUGIN_CONFIG_INVALID' })
      expect(refused.message).toMatch(field)
      expect(await house.revision()).toBe(before)
      expect((await house.call('a brawl')).status).toBe(403)
    },
  )

  it('keeps members that are named like an object’s own parts out of the objects of the process', async () => {
    const query = `mutation ($input: ConfigurePluginInput!) { configurePlugin(input: $input) { __typename ... on Refusal { code message } } }`
    const answer = await fetch(house.gateway.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${house.gateway.adminToken}` },
      body: `{"query":${JSON.stringify(query)},"variables":{"input":{"name":"house-rules","config":{"banned":"brawl","__proto__":{"breaksIn":"onCall"}}}}}`,
    })
    const { data, errors } = (await answer.json()) as {
      data?: { configurePlugin: Configured }
      errors?: { message: string }[]
    }
    expect(data?.configurePlugin).toBeUndefined()
    expect(errors?.[0]?.message).toContain('__proto__')
  })
})

describe('a plugin that is not loaded', () => {
  it.each([
    ...['unnamed', 'constructor', '__proto__', 'Auth', '../rules/unnamed.js', 'node:child_process'],
    ...['https://example.com/plugin.js', 'data:text/javascript,export default {}'],
  ])('cannot be named into existence: %j', async (name) => {
    const before = await house.revision()
    const position = afterRbac
    const refused = await house.configure({ name, enabled: true, position, config: { banned: 'brawl' } })
    expect(refused).toMatchObject({ __typename: 'PluginUnknown', code: 'PLUGIN_UNKNOWN' })
    expect(refused.message).toContain('house-rules')
    expect(await house.configure({ name, enabled: false })).toMatchObject({ code: 'PLUGIN_UNKNOWN' })
    expect(await house.revision()).toBe(before)
    expect(await house.pluginNames()).not.toContain(name)
  })

  it('not by the path of a module that exists either', async () => {
    expect(
      await house.configure({ name: join(house.folder, 'rules/unnamed.js'), enabled: true }),
    ).toMatchObject({
      code: 'PLUGIN_UNKNOWN',
    })
  })
})
