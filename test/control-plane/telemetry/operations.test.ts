import { get } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMemoryTransport } from '../../../transport/memory/create.ts'
import { TransportUnavailable } from '../../../transport/transport.ts'
import { Collector } from '../../telemetry/collector.ts'
import { eventually } from '../../transport/poll.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'

const collector = new Collector()
const traceId = '0af7651916cd43dd8448eb211c80319c'
let api: TestApi
let tenant: Tenant

beforeAll(async () => {
  const telemetry = { endpoint: await collector.listen(), headers: {} }
  api = await startApi({ telemetry })
  tenant = await api.createTenant('Acme')
})

afterAll(async () => {
  await api.close()
  await collector.close()
})

async function post(body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${api.controlPlane.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.token}`, ...headers },
    body: JSON.stringify(body),
  })
}

const createTeam = `mutation NewTeam($input: CreateTeamInput!) {
  createTeam(input: $input) { __typename } }`
const metrics = async () => (await fetch(`${api.controlPlane.url}/metrics`)).text()

describe('an operation', () => {
  it('has an id in its answer and in the log: the caller’s own when it is usable', async () => {
    const input = { workspaceId: tenant.workspaceId, name: 'Search' }
    const named = await post({ query: createTeam, variables: { input } }, { 'x-request-id': 'deploy/42' })
    expect(named.headers.get('x-request-id')).toBe('deploy/42')
    const line = api.logged.find((text) => text.includes('deploy/42'))
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 30,
      msg: 'operation',
      requestId: 'deploy/42',
      operation: 'NewTeam',
      operationType: 'mutation',
      outcome: 'succeeded',
      status: 200,
    })
    expect(line).not.toContain('Search')
    const own = await post({ query: '{ viewer { id } }' }, { 'x-request-id': 'two words' })
    expect(own.headers.get('x-request-id')).toMatch(/^req_/)
  })

  it('that fails is found in the log under the id of its request and of its error', async () => {
    const refused = await post({ query: 'query Broken { nothing }' }, { 'x-request-id': 'broken-1' })
    expect(refused.headers.get('x-request-id')).toBe('broken-1')
    const line = api.logged.find((text) => text.includes('broken-1'))
    expect(JSON.parse(line ?? '')).toMatchObject({ outcome: 'refused' })
  })

  it('is one span of the caller’s trace, without its variables', async () => {
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`
    const input = { workspaceId: tenant.workspaceId, name: 'a name to keep' }
    await post({ query: createTeam, variables: { input } }, { traceparent })
    const span = await eventually('the span', () => collector.spans.find((one) => one.traceId === traceId))
    expect(span).toMatchObject({
      parentSpanId: 'b7ad6b7169203331',
      name: 'mutation NewTeam',
      kind: 2,
      service: 'gatehouse-control-plane',
      attributes: {
        'graphql.operation.name': 'NewTeam',
        'graphql.operation.type': 'mutation',
        'gatehouse.outcome': 'succeeded',
      },
    })
    expect(collector.text).not.toContain('a name to keep')
    expect(collector.text).not.toContain(tenant.token)
  })
})

describe('/metrics', () => {
  it('counts and times operations by name, type and outcome', async () => {
    await post({ query: 'query CountMe { viewer { id } }' })
    await post({ query: 'query CountMe { viewer { id } }' })
    const text = await metrics()
    expect(text).toContain(
      'gatehouse_operations_total{operation="CountMe",type="query",outcome="succeeded"} 2',
    )
    expect(text).toMatch(/gatehouse_operation_duration_seconds_count\{operation="CountMe",type="query"\} 2/)
  })

  it('keeps its labels bounded, whatever names callers choose', async () => {
    for (let index = 0; index < 250; index++) await post({ query: `query Name${index} { viewer { id } }` })
    const names = (await metrics()).matchAll(/^gatehouse_operations_total\{operation="([^"]+)"/gm)
    const distinct = new Set(Array.from(names, ([, name]) => name))
    expect(distinct.size).toBeLessThanOrEqual(202)
    expect(distinct).toContain('other')
  })

  it('shows how far ingest and publication are behind', async () => {
    const text = await metrics()
    for (const name of ['ingest_backlog', 'ingest_lag_seconds', 'publish_lag_seconds']) {
      expect(text).toMatch(new RegExp(`^gatehouse_${name} [0-9.e-]+$`, 'm'))
    }
    expect(text).toMatch(/^gatehouse_transport_connected 1$/m)
  })

  it('shows a change that cannot be published, until it is', async () => {
    let isAway = true
    const store = createMemoryTransport()
    const ends = store.controlPlane()
    const publish: typeof ends.config.publish = async (publication) => {
      if (isAway) throw new TransportUnavailable('away')
      await ends.config.publish(publication)
    }
    const config = { ...ends.config, publish }
    const controlPlane = () => ({ ...ends, config })
    const late = await startApi({ transport: { ...store, controlPlane } })
    await late.createTenant('Late')
    const lag = async () => {
      const text = await (await fetch(`${late.controlPlane.url}/metrics`)).text()
      return Number(/^gatehouse_publish_lag_seconds (\S+)$/m.exec(text)?.[1])
    }
    await eventually('a lag', async () => (await lag()) > 0)
    isAway = false
    await eventually('no lag', async () => (await lag()) === 0)
    await late.close()
  })

  it('is not told to a page that had its own name point to this machine', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' }
      get(`${api.controlPlane.url}/metrics`, { headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject)
    })
    expect(status).toBe(421)
  })

  it('asks for the status token where one is set', async () => {
    const guarded = await startApi({ statusToken: 'a-token-of-sixteen-or-more' })
    const ask = (authorization: string) =>
      fetch(`${guarded.controlPlane.url}/metrics`, { headers: { authorization } })
    expect((await ask('Bearer wrong')).status).toBe(401)
    expect((await ask('Bearer a-token-of-sixteen-or-more')).status).toBe(200)
    await guarded.close()
  })
})
