import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startApi, type TestApi } from '../api.ts'

let api: TestApi
let now = Date.now()

beforeAll(async () => {
  api = await startApi({
    now: () => now,
    graphql: { requestsPerMinute: 2, requestsPerMinuteOfAddress: 4 },
    trustedProxies: ['127.0.0.0/8'],
  })
})

beforeEach(() => {
  now += 60_000
})

afterAll(() => api.close())

async function ask(token: string, address: string) {
  const response = await fetch(`${api.controlPlane.url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-forwarded-for': address,
    },
    body: JSON.stringify({ query: '{ viewer { id } }' }),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { errors?: unknown[] },
  }
}

it('a token beyond its requests a minute is told when to come back, and others go on [S3-35]', async () => {
  const [first, second] = [await api.createTenant('First'), await api.createTenant('Second')]
  for (const address of ['192.0.2.1', '192.0.2.2']) expect((await ask(first.token, address)).status).toBe(200)
  const { status, headers, body } = await ask(first.token, '192.0.2.3')
  expect(status).toBe(429)
  expect(body.errors).toEqual([
    {
      message:
        'Your token has sent more than 2 requests a minute: try again in 30 s, and ask for more with each request',
      extensions: {
        code: 'TOO_MANY_REQUESTS',
        limit: 'principal',
        requestsPerMinute: 2,
        retryAfterSeconds: 30,
      },
    },
  ])
  expect(headers.get('retry-after')).toBe('30')
  expect(headers.get('ratelimit-limit')).toBe('2')
  expect((await ask(second.token, '192.0.2.1')).status).toBe(200)
  now += 30_000
  expect((await ask(first.token, '192.0.2.3')).status).toBe(200)
})

it('an address beyond its requests a minute is refused before its token is looked at', async () => {
  for (let request = 0; request < 4; request++) expect((await ask('none', '192.0.2.9')).status).toBe(401)
  const { status, headers, body } = await ask('none', '192.0.2.9')
  expect([status, headers.get('retry-after')]).toEqual([429, '15'])
  expect(body.errors).toMatchObject([{ extensions: { code: 'TOO_MANY_REQUESTS', limit: 'address' } }])
  expect((await ask('none', '192.0.2.10')).status).toBe(401)
})

it('an address is what a trusted proxy says, and no one else', async () => {
  const direct = await startApi({ graphql: { requestsPerMinuteOfAddress: 1 } })
  const send = (address: string) =>
    fetch(`${direct.controlPlane.url}/graphql`, { method: 'POST', headers: { 'x-forwarded-for': address } })
  expect((await send('192.0.2.1')).status).toBe(415)
  expect((await send('192.0.2.2')).status).toBe(429)
  await direct.close()
})
