import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { createStatusServer } from '../../../data-plane/status/server.ts'
import type { StatusSources } from '../../../data-plane/status/sources.ts'
import { healthySources } from './healthy-sources.ts'

let app: FastifyInstance | undefined
afterEach(() => app?.close())

async function serve(sources: Partial<StatusSources> = {}, token?: string): Promise<FastifyInstance> {
  app = await createStatusServer({ sources: { ...healthySources, ...sources }, token, log: { error() {} } })
  return app
}

async function ask(server: FastifyInstance, query: string, headers: Record<string, string> = {}) {
  const response = await server.inject({
    method: 'POST',
    url: '/status/graphql',
    headers,
    payload: { query },
  })
  return { status: response.statusCode, body: response.json() }
}

describe('the status API', () => {
  it('tells node, plugins, providers and counters', async () => {
    const { status, body } = await ask(
      await serve(),
      `{ node { id version startedAt epoch revision configHash applyStatus lastError transportConnected }
         plugins { name version enabled builtin order calls denials errors p50Ms p99Ms }
         providers { name requests errors inFlight lastError }
         counters { requests denials upstreamErrors eventBacklog } }`,
    )
    expect(status).toBe(200)
    expect(body.data.node).toMatchObject({
      revision: 7,
      applyStatus: 'refused',
      lastError: 'snapshot has the unknown format 2',
      startedAt: '1970-01-01T00:00:00.000Z',
    })
    expect(body.data.plugins[0]).toMatchObject({ name: 'auth', calls: 3, p99Ms: null })
    expect(body.data.providers[0]).toMatchObject({ name: 'openai', lastError: 'timeout' })
    expect(body.data.counters).toEqual({ requests: 3, denials: 1, upstreamErrors: 1, eventBacklog: 4 })
  })

  it('tells what is degraded, what the journal holds and which budget runs out first', async () => {
    const { body } = await ask(
      await serve(),
      `{ degradations { what since reason canGoOnForSeconds whatToDo stopsService }
         journal { bytes maxBytes bytesPerSecond secondsLeft oldestUnshippedAt isFailing isFull unrecordedCalls unrecordedRefusals }
         leases { budgetId freeNanoUsd secondsLeft } connections { role answers } }`,
    )
    expect(body.data.degradations).toMatchObject([
      { what: 'configuration_refused', since: '1970-01-01T00:01:00.000Z', canGoOnForSeconds: null },
    ])
    expect(body.data.journal).toMatchObject({
      secondsLeft: 50,
      oldestUnshippedAt: '1970-01-01T00:00:30.000Z',
      unrecordedRefusals: 2,
    })
    expect(body.data.leases).toEqual([
      { budgetId: 'bud_first', freeNanoUsd: '1000', secondsLeft: 10 },
      { budgetId: 'bud_later', freeNanoUsd: '1000', secondsLeft: 100 },
      { budgetId: 'bud_slow', freeNanoUsd: '1000', secondsLeft: null },
    ])
    expect(body.data.connections[0]).toEqual({ role: 'commands', answers: false })
  })

  it.each([
    ['introspection', '{ __schema { types { name } } }'],
    [
      'sixteen aliases',
      `{ ${Array.from({ length: 16 }, (_, n) => `a${n}: counters { requests }`).join(' ')} }`,
    ],
    ['depth', '{ a { a { a { a { a { a { a { a } } } } } } } }'],
    ['a hundred and one fields', `{ node { ${'id '.repeat(101)} } }`],
    ['too many tokens', `{ node { ${'id '.repeat(600)} } }`],
    ['many directives', `{ node { id ${'@include(if: true) '.repeat(6)} } }`],
  ])('refuses %s with 400', async (_name, query) => {
    const { status, body } = await ask(await serve(), query)
    expect(status).toBe(400)
    expect(body.data ?? null).toBeNull()
    expect(body.errors.length).toBeGreaterThan(0)
  })

  it('knows nothing that changes anything', async () => {
    const { body } = await ask(await serve(), 'mutation { node { id } }')
    expect(body.data ?? null).toBeNull()
    expect(body.errors).toEqual([{ message: 'Schema is not configured to execute mutation operation.' }])
  })

  it('spells out no field that was not asked for', async () => {
    const { body } = await ask(await serve(), '{ nod { id } }')
    expect(JSON.stringify(body)).not.toContain('node')
  })

  it('answers no GET, no form and no plain text, so that no web page can ask', async () => {
    const server = await serve()
    expect((await server.inject('/status/graphql?query={node{id}}')).statusCode).toBe(404)
    expect((await server.inject('/graphql?query={node{id}}')).statusCode).toBe(404)
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const headers = { 'content-type': type }
      const payload = '{"query":"{ node { id } }"}'
      const answer = await server.inject({ method: 'POST', url: '/status/graphql', headers, payload })
      expect(answer.statusCode, type).toBe(415)
    }
  })

  it('answers no array of queries', async () => {
    const payload = [{ query: '{ node { id } }' }]
    const answer = await (await serve()).inject({ method: 'POST', url: '/status/graphql', payload })
    expect(answer.statusCode).toBe(400)
  })

  it('does not repeat what went wrong inside', async () => {
    const counters = () => {
      throw new Error('/home/somebody/secret')
    }
    const { body } = await ask(await serve({ counters }), '{ counters { requests } }')
    expect(body.errors).toEqual([{ message: 'Unexpected error' }])
  })
})

describe('who may look', () => {
  it('without a token: who names a loopback host, not a page whose name was pointed here', async () => {
    const server = await serve()
    for (const host of ['127.0.0.1:8081', 'localhost:8081', '[::1]:8081']) {
      expect((await server.inject({ url: '/metrics', headers: { host } })).statusCode, host).toBe(200)
    }
    const rebound = await server.inject({ url: '/metrics', headers: { host: 'attacker.example:8081' } })
    expect(rebound.statusCode).toBe(421)
  })

  it('with a token: its bearer alone; probes stay open', async () => {
    const server = await serve({}, 'a-token-of-32-characters-or-more')
    expect((await ask(server, '{ node { id } }')).status).toBe(401)
    expect((await ask(server, '{ node { id } }', { authorization: 'Bearer wrong' })).status).toBe(401)
    const authorization = 'Bearer a-token-of-32-characters-or-more'
    expect((await ask(server, '{ node { id } }', { authorization })).status).toBe(200)
    expect((await server.inject('/metrics')).statusCode).toBe(401)
    expect((await server.inject('/healthz')).statusCode).toBe(200)
    expect((await server.inject('/readyz')).statusCode).toBe(200)
  })
})

describe('/readyz', () => {
  it('is ready while calls are served, and says what is degraded, since when and what to do', async () => {
    const answer = await (await serve()).inject('/readyz')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({
      status: 'ready',
      degraded: [
        {
          what: 'configuration_refused',
          since: '1970-01-01T00:01:00.000Z',
          reason: 'The newest configuration was refused.',
          canGoOnForSeconds: null,
          whatToDo: 'Correct it.',
          stopsService: false,
        },
      ],
    })
  })

  it('is not while something stops all calls', async () => {
    const [degradation] = healthySources.degradations()
    if (!degradation) throw new Error('there is none')
    const degradations = () => [{ ...degradation, what: 'journal_full', stopsService: true } as const]
    const answer = await (await serve({ degradations })).inject('/readyz')
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toMatchObject({ status: 'not ready', degraded: [{ what: 'journal_full' }] })
  })
})

it('metrics have conventional names and labels that do not grow', async () => {
  const providers = () =>
    Array.from({ length: 500 }, (_, n) => ({
      name: `p${n}`,
      requests: 1,
      errors: 0,
      inFlight: 0,
      lastError: null,
    }))
  const text = (await (await serve({ providers })).inject('/metrics')).body
  expect(text).toContain('gatehouse_calls_total{outcome="denied"} 1')
  expect(text).toContain('gatehouse_plugin_denials_total{plugin="auth"} 1')
  expect(text).toContain('gatehouse_plugin_duration_seconds{plugin="auth",quantile="0.5"} 0.00001')
  expect(text).toContain('gatehouse_config_apply_status{status="refused"} 1')
  expect(text).toContain('gatehouse_config_head_age_seconds 1.5')
  expect(text).toContain('gatehouse_config_revisions_behind 1')
  expect(text).toContain('gatehouse_config_lag_seconds 40')
  expect(text).toContain('gatehouse_journal_left_seconds 50')
  expect(text).toContain('gatehouse_journal_oldest_event_age_seconds 70')
  expect(text).toContain('gatehouse_unrecorded_calls_total{calls="refused"} 2')
  expect(text).toContain('gatehouse_lease_left_seconds 10')
  expect(text).toContain('gatehouse_redis_connected{role="commands"} 0')
  expect(text).toContain('gatehouse_degraded{what="configuration_refused"} 1')
  expect(text).toContain('gatehouse_degraded{what="journal_full"} 0')
  expect(text.match(/^gatehouse_provider_requests_total\{/gm)).toHaveLength(200)
})
