import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { formatEnrolmentToken } from '../../contract/enrolment.ts'
import type { DataPlaneEvent } from '../../contract/events.ts'
import { createDataPlane, type DataPlane } from '../../data-plane/app.ts'
import { readEnv } from '../../data-plane/env.ts'
import { connectRedis } from '../../transport/redis/connect.ts'
import type { Transport } from '../../transport/transport.ts'
import { redisUrl } from '../environment/index.ts'
import { Authority, dataPlaneId, organizationId, textOf } from './config/authority.ts'
import { baseEntities, provider, virtualKey } from './config/entities.ts'
import { Neighbour, providerAnswer } from './neighbour.ts'

const log = pino({ level: 'silent' })
const secret = 'sk-gh-a-key-of-this-test'
let authority: Authority
let neighbour: Neighbour
let url: string
let transport: Transport
let redis: string
let stateDirectory: string
let dataPlane: DataPlane | undefined

beforeEach(async () => {
  authority = await Authority.create()
  neighbour = new Neighbour(authority)
  url = await neighbour.listen()
  redis = await redisUrl()
  transport = await connectRedis(redis, { log, operationTimeoutMs: 10_000 })
  stateDirectory = mkdtempSync(join(tmpdir(), 'gatehouse-data-plane-'))
  const digest = createHmac('sha256', authority.pepper).update(secret).digest('hex')
  authority.change([
    ...baseEntities,
    { ...provider, baseUrl: `${url}/v1` } as typeof provider,
    virtualKey('vk_1', { secretDigests: [{ digest, expiresAt: null }] }),
  ])
})

afterEach(async () => {
  await dataPlane?.close()
  await transport.close()
  await neighbour.close()
  rmSync(stateDirectory, { recursive: true, force: true })
})

function publish(): Promise<void> {
  return transport.controlPlane().config.publish({
    organizationId,
    head: authority.head(),
    deltas: authority.deltas.map((delta) => ({ revision: delta.revision, document: textOf(delta) })),
    snapshot: textOf(authority.snapshot()),
  })
}

async function start(environment: Record<string, string> = {}): Promise<DataPlane> {
  const env = readEnv({
    REDIS_URL: redis,
    DATA_PLANE_PORT: '0',
    DATA_PLANE_STATUS_PORT: '0',
    GATEHOUSE_STATE_DIR: stateDirectory,
    ...environment,
  })
  dataPlane = await createDataPlane({ env, log })
  return dataPlane
}

function enrolment() {
  const thumbprint = authority.signingKey.id
  const token = formatEnrolmentToken({ organizationId, secret: 'once', thumbprint })
  return { GATEHOUSE_ENROLMENT_TOKEN: token, CONTROL_PLANE_URL: url }
}

function chat(at: string, key = secret): Promise<Response> {
  return fetch(`${at}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }),
  })
}

async function status(at: string, query: string) {
  const response = await fetch(`${at}/status/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  return (await response.json()) as { data?: unknown; errors?: unknown }
}

describe('a data plane on a real Redis', () => {
  it('enrols, applies what is published, and serves one governed call that it reports', async () => {
    await publish()
    const { url: at, statusUrl } = await start(enrolment())
    expect((await fetch(`${statusUrl}/readyz`)).status).toBe(200)

    const response = await chat(at)
    expect([response.status, await response.json()]).toEqual([200, providerAnswer])
    expect(neighbour.asked[0]?.authorization).toBe('Bearer sk-provider-secret')
    expect((await chat(at, 'sk-gh-somebody-else')).status).toBe(401)
    expect(neighbour.asked).toHaveLength(1)

    const read = await status(
      statusUrl,
      '{ node { id revision applyStatus transportConnected } plugins { name order calls } providers { name requests } counters { requests denials } }',
    )
    expect(read).toMatchObject({
      data: {
        node: { id: dataPlaneId, revision: 1, applyStatus: 'applied', transportConnected: true },
        providers: [{ name: 'openai', requests: 1 }],
        counters: { requests: 2, denials: 1 },
      },
    })
    const metrics = await (await fetch(`${statusUrl}/metrics`)).text()
    expect(metrics).toContain('gatehouse_calls_total{outcome="succeeded"} 1')

    const types = new Set<string>()
    await expect
      .poll(
        async () => {
          for (const { body } of await transport.controlPlane().events.read([organizationId], 100)) {
            const events: DataPlaneEvent[] = JSON.parse(`[${body.slice(body.indexOf('\n'))}]`)
            for (const event of events) types.add(event.type)
          }
          return [...types].sort()
        },
        { timeout: 30_000 },
      )
      .toEqual(['call.finished', 'node.reported'])
  })

  it('starts again without control plane and Redis, from its disk alone', async () => {
    await publish()
    await start(enrolment())
    await dataPlane?.close()
    const { url: at, statusUrl } = await start({
      REDIS_URL: 'redis://127.0.0.1:1',
      CONTROL_PLANE_URL: 'http://127.0.0.1:1',
    })
    expect((await chat(at)).status).toBe(200)
    const read = await status(statusUrl, '{ node { revision transportConnected } }')
    expect(read).toEqual({ data: { node: { revision: 1, transportConnected: false } } })
  })

  it('is not ready before there is a configuration, and says so to callers', async () => {
    const { url: at, statusUrl } = await start(enrolment())
    expect((await fetch(`${statusUrl}/readyz`)).status).toBe(503)
    const response = await chat(at)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ error: { code: 'config_unavailable' } })
    await publish()
    await expect.poll(async () => (await chat(at)).status, { timeout: 30_000 }).toBe(200)
  })

  it('serves nobody from the configuration on that no longer names it, restarts included', async () => {
    await publish()
    const { url: at } = await start(enrolment())
    expect((await chat(at)).status).toBe(200)
    authority.change([], [`data_plane/${dataPlaneId}`])
    await publish()
    await expect.poll(async () => (await chat(at)).status, { timeout: 30_000 }).toBe(503)
    await dataPlane?.close()
    const { url: again, statusUrl } = await start({ REDIS_URL: 'redis://127.0.0.1:1' })
    const refused = await (await chat(again)).json()
    expect(refused).toMatchObject({
      error: { code: 'config_unavailable', message: expect.stringContaining('revoked') },
    })
    expect((await fetch(`${statusUrl}/readyz`)).status).toBe(503)
  })

  it('does not start without an identity or a token, and tells what to do', async () => {
    await expect(start()).rejects.toThrow(/set GATEHOUSE_ENROLMENT_TOKEN/)
  })

  it('pins the key that the token names: an answer by another control plane is refused', async () => {
    const token = formatEnrolmentToken({ organizationId, secret: 'once', thumbprint: 'another' })
    await expect(start({ GATEHOUSE_ENROLMENT_TOKEN: token, CONTROL_PLANE_URL: url })).rejects.toThrow(
      /the token names another/,
    )
  })

  it('keeps no secret in clear on its disk but its own private keys', async () => {
    await publish()
    const { url: at } = await start(enrolment())
    await chat(at)
    await dataPlane?.close()
    const { readdirSync } = await import('node:fs')
    for (const entry of readdirSync(stateDirectory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
      for (const canary of [secret, 'sk-provider-secret', authority.pepper.toString('base64')]) {
        expect(text, entry.name).not.toContain(canary)
      }
    }
  })
})
