import { describe, expect, it } from 'vitest'
import { AdmissionGate } from '../../../data-plane/admission/gate.ts'
import { OpenStreams } from '../../../data-plane/pipeline/open-streams.ts'
import { createServer, UngovernedRoute } from '../../../data-plane/routes/server.ts'
import { routes } from '../../../data-plane/routes/table.ts'
import { Denied } from '../../../plugins/sdk/denied.ts'
import { noTokens, stubCompiler } from '../stub-plugins.ts'
import { json, serve } from './wire.ts'

const served = routes.map(({ method, url }) => [method, url.replace('*', 'some/model')] as const)

describe('the routes', () => {
  it.each(served)('%s %s reaches the provider with a key, and never without one', async (method, path) => {
    const { url, seen } = await serve()
    const body = method === 'POST' ? '{"model":"m"}' : null
    const { authorization: _, ...anonymous } = json
    const refused = await fetch(url + path, { method, headers: method === 'POST' ? anonymous : {}, body })
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({
      error: { type: 'virtual_key_required', code: 'virtual_key_required' },
    })
    expect(seen.provider).toBe(0)
    const headers = method === 'POST' ? json : { authorization: json.authorization }
    expect((await fetch(url + path, { method, headers, body })).status).toBe(200)
    expect(seen.provider).toBe(1)
  })

  it('are these and no others: all that the server has registered runs the pipeline, but for /healthz', async () => {
    const { app, url, seen } = await serve()
    const registered = listRoutes(app.printRoutes())
    for (const { method, url: path } of routes) expect(registered).toContainEqual([method, path])
    for (const [method, path] of registered) {
      // Fetch cannot send these two.
      if (path === '/healthz' || method === 'TRACE' || method === 'QUERY') continue
      const { status } = await fetch(url + path.replace('*', 'x'), { method })
      expect([method, path, status]).toEqual([method, path, 401])
    }
    expect(seen.provider).toBe(0)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('cannot be registered without the pipeline', () => {
    const app = createServer({
      configuration: () => undefined,
      staleness: () => undefined,
      pipelines: stubCompiler(),
      streams: new OpenStreams(),
      log: { error() {} },
      now: () => 0,
      gate: new AdmissionGate(1),
      recognition: { digest: (secret) => secret, tokens: noTokens },
    })
    expect(() => app.get('/v1/leak', (_request, reply) => reply.send('past the pipeline'))).toThrow(
      UngovernedRoute,
    )
  })

  it('answer 404 for an unknown path and 405 for a wrong method, but only to a known caller', async () => {
    const { url, seen } = await serve()
    const { headers: _, ...anonymous } = { headers: json, method: 'POST', body: '{}' }
    expect((await fetch(`${url}/v1/unheard-of`, anonymous)).status).toBe(401)
    const unknown = await fetch(`${url}/v1/unheard-of`, { method: 'POST', headers: json, body: '{}' })
    expect(unknown.status).toBe(404)
    expect(await unknown.json()).toMatchObject({
      error: { type: 'not_found', request_id: expect.any(String) },
    })
    const wrong = await fetch(`${url}/v1/embeddings`, { headers: { authorization: json.authorization } })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404)
    expect(seen.provider).toBe(0)
    expect(seen.outcomes).toHaveLength(3)
  })

  it('answer 503 config_unavailable before the first configuration', async () => {
    const { url } = await serve({ configuration: null })
    const answer = await fetch(`${url}/v1/models`, { headers: { authorization: json.authorization } })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await answer.json()).toMatchObject({ error: { type: 'config_unavailable' } })
  })

  it('answer 503 config_unavailable while the configuration is older than it allows, and record that', async () => {
    const staleness = (limitMs: number) =>
      new Denied('config_unavailable', `older than ${limitMs} ms`, { retryAfterSeconds: 5 })
    const { url, seen, configure } = await serve({
      configuration: { maxStalenessMs: 60_000 },
      server: { staleness },
    })
    const ask = () => fetch(`${url}/v1/models`, { headers: { authorization: json.authorization } })
    const answer = await ask()
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await answer.json()).toMatchObject({
      error: { type: 'config_unavailable', message: 'older than 60000 ms' },
    })
    expect(seen.provider).toBe(0)
    expect(seen.outcomes).toMatchObject([{ outcome: 'denied', errorCode: 'config_unavailable' }])
    configure({ maxStalenessMs: null })
    expect((await ask()).status).toBe(200)
  })

  it('echo a usable x-request-id and replace any other', async () => {
    const { url } = await serve()
    const idFor = async (given: string) => {
      const headers = { authorization: json.authorization, 'x-request-id': given }
      return (await fetch(`${url}/v1/models`, { headers })).headers.get('x-request-id')
    }
    expect(await idFor('trace-1.2:3')).toBe('trace-1.2:3')
    expect(await idFor('a b')).toMatch(/^call_/)
    expect(await idFor('x'.repeat(129))).toMatch(/^call_/)
  })
})

describe('a body', () => {
  it('that is too large is 413, of another type 400, broken 400: once the caller is known', async () => {
    const { url, seen } = await serve({ server: { bodyLimitBytes: 100 } })
    const post = (body: string, headers: Record<string, string>) =>
      fetch(`${url}/v1/embeddings`, { method: 'POST', headers, body })
    expect((await post('x'.repeat(101), { 'content-type': 'application/json' })).status).toBe(401)
    expect((await post('x'.repeat(101), json)).status).toBe(413)
    expect((await post('a=b', { ...json, 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(
      400,
    )
    const broken = await post('{"model":"a","model":"b"}', json)
    expect(broken.status).toBe(400)
    expect(await broken.json()).toMatchObject({ error: { type: 'invalid_request_error', param: 'model' } })
    expect(seen.provider).toBe(0)
  })
})

/** Method and path of every route in Fastify's printed tree. */
function listRoutes(tree: string): [method: string, path: string][] {
  const prefixes: string[] = []
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', segment = '', methods] = /^(.*?[├└]── )(\S+)(?: \((.*)\))?$/.exec(line) ?? []
    if (segment === '') return []
    const depth = indent.length / 4
    prefixes.splice(depth - 1)
    prefixes.push(segment)
    const path = prefixes.join('')
    return methods?.split(', ').map((method): [string, string] => [method, path]) ?? []
  })
}
