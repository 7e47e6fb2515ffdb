import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type Gateway, startGateway } from './gateway.ts'
import {
  configurationApplied,
  type Demo,
  issueKey,
  readDemo,
  revokeKey,
  setBudget,
  setRequestLimit,
} from './keys.ts'

let gateway: Gateway
let demo: Demo
const keys: Record<string, string> = {}

beforeAll(async () => {
  gateway = await startGateway()
  demo = await readDemo(gateway)
  keys.unknown = `sk-gh-${'x'.repeat(49)}`
  keys.good = gateway.virtualKey
  keys.other = (await issueKey(gateway, demo, { name: 'other' })).secret
  const revoked = await issueKey(gateway, demo, { name: 'revoked' })
  keys.revoked = revoked.secret
  await revokeKey(gateway, revoked.id)
  const expiresAt = new Date(Date.now() + 5_000).toISOString()
  keys.expired = (await issueKey(gateway, demo, { name: 'expired', expiresAt })).secret
  keys.narrow = (await issueKey(gateway, demo, { name: 'narrow', allowedModels: ['none-of-these'] })).secret
  keys.empty = (await issueKey(gateway, demo, { name: 'empty', providers: [] })).secret
  const poor = await issueKey(gateway, demo, { name: 'poor' })
  keys.poor = poor.secret
  await setBudget(gateway, poor.id, '1')
  const limited = await issueKey(gateway, demo, { name: 'limited' })
  keys.limited = limited.secret
  await setRequestLimit(gateway, limited.id, 1)
  await configurationApplied(gateway)
  await call('chat', { authorization: `Bearer ${keys.limited}` })
  // Until the data plane knows that nothing is left it answers 503, on a busy machine.
  const ofPoor = { authorization: `Bearer ${keys.poor}` }
  await eventually(async () => (await call('chat', ofPoor)).status === 402, 30_000)
  await new Promise((past) => setTimeout(past, Date.parse(expiresAt) - Date.now() + 5))
}, 180_000)
afterAll(() => gateway.stop())

const routes: Record<string, { path: string; body: object }> = {
  chat: {
    path: 'chat/completions',
    body: { model: 'demo-chat', messages: [{ role: 'user', content: 'Hi' }] },
  },
  chatStream: {
    path: 'chat/completions',
    body: { model: 'demo-chat', messages: [{ role: 'user', content: 'Hi' }], stream: true },
  },
  completions: { path: 'completions', body: { model: 'demo-chat', prompt: 'Hi' } },
  embeddings: { path: 'embeddings', body: { model: 'demo-embedding', input: 'Hi' } },
  responses: { path: 'responses', body: { model: 'demo-chat', input: 'Hi' } },
  responsesStream: { path: 'responses', body: { model: 'demo-chat', input: 'Hi', stream: true } },
  images: { path: 'images/generations', body: { model: 'demo-image', prompt: 'Hi' } },
}

async function call(
  route: keyof typeof routes & string,
  headers: Record<string, string>,
  extra: object = {},
) {
  const { path, body } = routes[route] ?? { path: route, body: {} }
  return fetch(`${gateway.dataPlaneUrl}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...body, ...extra }),
  })
}

interface Refusal {
  readonly what: string
  readonly headers: () => Record<string, string>
  readonly status: number
  readonly type: string
  readonly extra?: object
}

const bearer = (name: string) => () => ({ authorization: `Bearer ${keys[name]}` })

const refusals: readonly Refusal[] = [
  { what: 'no key', headers: () => ({}), status: 401, type: 'virtual_key_required' },
  { what: 'an unknown key', headers: bearer('unknown'), status: 401, type: 'virtual_key_not_found' },
  { what: 'a revoked key', headers: bearer('revoked'), status: 403, type: 'virtual_key_blocked' },
  { what: 'an expired key', headers: bearer('expired'), status: 403, type: 'virtual_key_blocked' },
  { what: 'a model that the key may not use', headers: bearer('narrow'), status: 403, type: 'model_blocked' },
  { what: 'a key without providers', headers: bearer('empty'), status: 403, type: 'provider_blocked' },
  {
    what: 'two different keys',
    headers: () => ({ ...bearer('good')(), 'x-api-key': keys.other ?? '' }),
    status: 400,
    type: 'ambiguous_credentials',
  },
  { what: 'an exhausted budget', headers: bearer('poor'), status: 402, type: 'budget_exceeded' },
  { what: 'a reached limit', headers: bearer('limited'), status: 429, type: 'request_limited' },
]

describe.each(refusals)('$what', ({ headers, status, type }) => {
  it.each(Object.keys(routes))('is refused on %s, and no provider is asked', async (route) => {
    const before = gateway.providerCalls().length
    const response = await call(route, headers())
    const { error } = (await response.json()) as { error: Record<string, unknown> }
    expect({ status: response.status, type: error.type }).toEqual({ status, type })
    expect(error.message).toBeTypeOf('string')
    expect(error.request_id).toBe(response.headers.get('x-request-id'))
    expect(response.headers.has('retry-after')).toBe(status === 429)
    expect(gateway.providerCalls()).toHaveLength(before)
  })
})

describe('the official client', () => {
  const ask = (apiKey: string | undefined) =>
    new OpenAI({
      baseURL: `${gateway.dataPlaneUrl}/v1`,
      apiKey: apiKey ?? '',
      maxRetries: 0,
    }).chat.completions.create({ model: 'demo-chat', messages: [{ role: 'user', content: 'Hi' }] })

  it('turns refusals into its own error classes', async () => {
    await expect(ask(keys.unknown)).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await expect(ask(keys.revoked)).rejects.toBeInstanceOf(OpenAI.PermissionDeniedError)
    await expect(ask(keys.limited)).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    await expect(ask(keys.poor)).rejects.toMatchObject({ status: 402, type: 'budget_exceeded' })
  })
})

it('answers an unknown route with 404 in the same shape, after authentication', async () => {
  const before = gateway.providerCalls().length
  const anonymous = await call('files', {})
  expect(anonymous.status).toBe(401)
  const known = await call('files', bearer('good')())
  expect(known.status).toBe(404)
  expect(await known.json()).toMatchObject({ error: { type: 'not_found' } })
  expect(gateway.providerCalls()).toHaveLength(before)
})
