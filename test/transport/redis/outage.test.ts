import { createClient } from '@redis/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EmbeddedRedis } from '../../../cli/embedded/redis.ts'
import { connectRedis } from '../../../transport/redis/connect.ts'
import type { Transport } from '../../../transport/transport.ts'
import { startOwnRedis } from '../../environment/index.ts'
import { reclaimAfterMs, silentLog, uniqueOrganization } from '../implementations.ts'
import { eventually } from '../poll.ts'

/** Calls that are to succeed have no longer, on a machine that is busy with other tests. */
const operationTimeoutMs = 1_000
/** Snapshots and deltas may take ten times as long. */
const callLimitMs = 20_000

let server: EmbeddedRedis
let transport: Transport
let organizationId: string

beforeEach(async () => {
  server = await startOwnRedis({ persistent: false })
  transport = await connect()
  organizationId = uniqueOrganization()
})
afterEach(async () => {
  await transport.close()
  await server.kill()
})

const connect = () => connectRedis(server.url, { log: silentLog, operationTimeoutMs, reclaimAfterMs })
const dataPlane = () => transport.dataPlane(organizationId, 'dp_1')
const publish = (head: string) =>
  transport.controlPlane().config.publish({ organizationId, head, deltas: [], snapshot: head })

async function restart(): Promise<void> {
  await server.kill()
  server = await startOwnRedis({ persistent: false, port: server.port })
}

/** Every kind of call that a plane makes. */
function everyCall(): Promise<unknown>[] {
  const { config, events, leases, limits } = dataPlane()
  const request = { limitId: 'lim_1', max: 10, windowMs: 60_000, needed: 1, wanted: 1 }
  return [
    config.readHead(),
    config.readDeltas(0),
    config.readCredentials('dp_1'),
    events.append('batch'),
    leases.send('request'),
    limits.acquire([request]),
  ]
}

async function expectRefusals(): Promise<void> {
  const startedAt = performance.now()
  const results = await Promise.allSettled(everyCall())
  expect(performance.now() - startedAt).toBeLessThan(callLimitMs)
  for (const result of results) {
    expect(result.status === 'rejected' ? result.reason.name : 'fulfilled').toBe('TransportUnavailable')
  }
}

describe('a Redis that was killed', () => {
  it('refuses every call at once and serves again when it is back', async () => {
    await publish('before')
    await server.kill()
    await eventually('the loss to be noticed', () => !transport.connected)
    await expectRefusals()
    server = await startOwnRedis({ persistent: false, port: server.port })
    await eventually('the connection', () => transport.connected)
    expect(await dataPlane().config.readHead()).toBeNull()
    await publish('after')
    expect(await dataPlane().config.readHead()).toBe('after')
  })

  it('hints after the reconnection, and subscribes again', async () => {
    let hints = 0
    await dataPlane().config.subscribe(() => {
      hints++
    })
    await eventually('the first hint', () => hints > 0)
    const before = hints
    await restart()
    await eventually('the hint of the reconnection', () => hints > before)
    const reconnected = hints
    await eventually('a publication', () =>
      publish('again').then(
        () => true,
        () => undefined,
      ),
    )
    await eventually('the hint of the publication', () => hints > reconnected)
  })

  it('makes consumer groups again on an emptied Redis', async () => {
    const events = transport.controlPlane().events
    expect(await events.read([organizationId], 1)).toEqual([])
    await restart()
    await eventually('an append', () =>
      dataPlane()
        .events.append('batch')
        .then(
          () => true,
          () => undefined,
        ),
    )
    const entries = await eventually('the entry', async () => {
      // A read that falls into the reconnection rejects; the ingest loop tries again too.
      const read = await events.read([organizationId], 20).catch(() => [])
      return read.length > 0 ? read : undefined
    })
    expect(entries.map(({ body }) => body)).toEqual(['batch'])
  })

  it('may be down when the first call is made', async () => {
    await server.kill()
    const early = await connectRedis(server.url, { log: silentLog, operationTimeoutMs })
    try {
      expect(early.connected).toBe(false)
      let hints = 0
      await early.dataPlane(organizationId, 'dp_1').config.subscribe(() => {
        hints++
      })
      expect(hints).toBe(0)
      server = await startOwnRedis({ persistent: false, port: server.port })
      await eventually('the hint', () => hints > 0)
      await eventually('the connection', () => early.connected)
    } finally {
      await early.close()
    }
  })
})

describe('a frozen Redis', () => {
  it('keeps no caller waiting beyond the limit, and serves again when it thaws', async () => {
    await publish('head')
    dataPlane()
    const pid = await processIdOf(server)
    process.kill(pid, 'SIGSTOP')
    try {
      await expectRefusals()
      expect(transport.connected).toBe(false)
      await expect(transport.controlPlane().events.read([organizationId], 20)).rejects.toMatchObject({
        name: 'TransportUnavailable',
      })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await eventually('the connection', () => transport.connected)
    expect(await dataPlane().config.readHead()).toBe('head')
  })

  it('loses no entry that it gave to a read whose answer came too late', async () => {
    const events = transport.controlPlane().events
    expect(await events.read([organizationId], 1)).toEqual([])
    const pid = await processIdOf(server)
    const waiting = events.read([organizationId], 1_000)
    const rejected = expect(waiting).rejects.toMatchObject({ name: 'TransportUnavailable' })
    process.kill(pid, 'SIGSTOP')
    await rejected
    process.kill(pid, 'SIGCONT')
    await eventually('an append', () =>
      dataPlane()
        .events.append('batch')
        .then(
          () => true,
          () => undefined,
        ),
    )
    const entries = await eventually('the entry', async () => {
      const read = await events.read([organizationId], 20).catch(() => [])
      return read.length > 0 ? read : undefined
    })
    expect(entries.map(({ body }) => body)).toEqual(['batch'])
  })

  it('leaves no permit counted that it granted after its caller had given up', async () => {
    const limits = dataPlane().limits
    const ask = { limitId: 'lim_1', max: 1, windowMs: 600_000, needed: 1, wanted: 1 }
    const pid = await processIdOf(server)
    process.kill(pid, 'SIGSTOP')
    await expect(limits.acquire([ask])).rejects.toMatchObject({ name: 'TransportUnavailable' })
    process.kill(pid, 'SIGCONT')
    await eventually('the only permit', async () => {
      const [grant] = await limits.acquire([ask]).catch(() => [])
      return grant?.granted === 1
    })
    expect((await limits.acquire([ask]))[0]?.granted).toBe(0)
  })

  it('is given up and connected to anew when it stays silent', async () => {
    const pid = await processIdOf(server)
    process.kill(pid, 'SIGSTOP')
    try {
      await expectRefusals()
      await eventually('calls to fail at once, without waiting for an answer', async () => {
        const startedAt = performance.now()
        await dataPlane()
          .config.readHead()
          .catch(() => undefined)
        return performance.now() - startedAt < operationTimeoutMs / 2
      })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await eventually('the connection', () => transport.connected)
  })
})

it('refuses a URL that is none of a Redis, without repeating its password', async () => {
  const attempt = connectRedis('http://user:hunter2@127.0.0.1', { log: silentLog })
  await expect(attempt).rejects.toThrow(/redis:\/\//)
  await expect(attempt).rejects.not.toThrow(/hunter2/)
})

async function processIdOf({ url }: EmbeddedRedis): Promise<number> {
  const client = await createClient({ url }).connect()
  try {
    const [, pid] = /process_id:(\d+)/.exec(await client.info('server')) ?? []
    return Number(pid)
  } finally {
    client.destroy()
  }
}
