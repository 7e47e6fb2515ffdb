import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConfigPublisher } from '../../../transport/config-channel.ts'
import { connectRedis } from '../../../transport/redis/connect.ts'
import type { Transport } from '../../../transport/transport.ts'
import { SentinelServers } from '../../acceptance/sentinel-servers.ts'
import { temporaryDirectory } from '../../environment/index.ts'
import { silentLog, uniqueOrganization } from '../implementations.ts'
import { eventually } from '../poll.ts'

const organizationId = uniqueOrganization()
const operationTimeoutMs = 2_000
let directory: string
let servers: SentinelServers
let transport: Transport
let publisher: ConfigPublisher

beforeAll(async () => {
  directory = temporaryDirectory()
  servers = await SentinelServers.start(directory)
  transport = await connectRedis(servers.url, { log: silentLog, operationTimeoutMs })
  publisher = transport.controlPlane().config
}, 60_000)
afterAll(async () => {
  await transport?.close()
  await servers?.stop()
  rmSync(directory, { recursive: true, force: true })
})

const dataPlane = () => transport.dataPlane(organizationId, 'dp_1')
const publish = (head: string) => publisher.publish({ organizationId, head, deltas: [], snapshot: head })

// One story: each part begins where the one before it ended.
describe('over Redis Sentinel', () => {
  it('finds the master by the sentinels', async () => {
    await eventually('the connection', () => transport.connected)
    await publish('head 1')
    expect(await dataPlane().config.readHead()).toBe('head 1')
  })

  it('finds the new master when the old one dies, keeps nobody waiting meanwhile, and hears hints again', async () => {
    let hints = 0
    await dataPlane().config.subscribe(() => hints++)
    const failover = servers.failOver()
    const waitedMs: number[] = []
    const calling = (async () => {
      let isOver = false
      const over = failover.finally(() => {
        isOver = true
      })
      while (!isOver) {
        const startedAt = performance.now()
        await dataPlane()
          .config.readHead()
          .catch(() => undefined)
        waitedMs.push(performance.now() - startedAt)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await over
    })()
    await calling
    // The limit itself, and what a busy machine adds to it.
    expect(Math.max(...waitedMs)).toBeLessThan(operationTimeoutMs * 10)
    await eventually('a publication to the new master', () =>
      publish('head 2').then(
        () => true,
        () => undefined,
      ),
    )
    expect(await dataPlane().config.readHead()).toBe('head 2')
    const before = hints
    await eventually('a hint', async () => {
      await publish('head 3').catch(() => undefined)
      return hints > before
    })
    await eventually('every connection', () => transport.connections.every(({ answers }) => answers))
  }, 60_000)
})

describe('REDIS_URL', () => {
  it.each([
    ['redis+sentinel://127.0.0.1:1', /names no master/],
    ['redis+sentinel://:hunter2@127.0.0.1:1/?master=x', /unknown parameter/],
    ['redis+sentinel://:hunter2@127.0.0.1:1/?name=x&role=y', /unknown parameter/],
    ['redis+cluster://:hunter2@127.0.0.1:1/3', /names a database/],
    ['redis+cluster://:hunter2@127.0.0.1:1/?name=x', /unknown parameter/],
    ['redis+magic://:hunter2@127.0.0.1:1', /redis:\/\//],
    ['http://:hunter2@127.0.0.1', /redis:\/\//],
  ])('%s is refused, without repeating its password', async (url, reason) => {
    const attempt = connectRedis(url, { log: silentLog })
    await expect(attempt).rejects.toThrow(reason)
    await expect(attempt).rejects.not.toThrow(/hunter2/)
  })
})
