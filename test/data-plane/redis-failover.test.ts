import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { SimulatedCall } from '../../cli/simulator/call-log.ts'
import { channels } from '../../contract/channels.ts'
import { ClusterServers } from '../acceptance/cluster-servers.ts'
import { SentinelServers } from '../acceptance/sentinel-servers.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { temporaryDirectory } from '../environment/index.ts'
import { eventually } from '../transport/poll.ts'
import { numberedCall } from './numbered-call.ts'

const sites = [
  {
    site: 'Sentinel',
    async start(directory: string) {
      const servers = await SentinelServers.start(directory)
      return { url: servers.url, failOver: () => servers.failOver(), stop: () => servers.stop() }
    },
  },
  {
    site: 'Cluster',
    async start(directory: string) {
      const servers = await ClusterServers.start(directory)
      const failOver = (organizationId: string) => servers.failOver(channels.events(organizationId))
      return { url: servers.url, failOver, stop: () => servers.stop() }
    },
  },
] as const

let gateway: Gateway
const opened = new AsyncDisposableStack()
afterAll(() => opened.disposeAsync())

const call = (index: number) => numberedCall(gateway, index)

function billedCalls(): SimulatedCall[] {
  const lines = readFileSync(join(gateway.directory, 'calls.ndjson'), 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as SimulatedCall)
}

it.each(sites)(
  'through a failover of Redis $site every call is recorded once and charged what was billed',
  async ({ start }) => {
    const directory = temporaryDirectory()
    opened.defer(() => rmSync(directory, { recursive: true, force: true }))
    const servers = await start(directory)
    opened.defer(() => servers.stop())
    gateway = await startGateway({ redisUrl: servers.url, dataPlanes: 2 })
    const { stop } = gateway
    opened.defer(() => stop())

    let isOver = false
    const failover = servers.failOver(gateway.organizationId).finally(() => {
      isOver = true
    })
    const statuses: number[] = []
    for (let index = 0; !isOver || statuses.at(-1) !== 200; index += 4) {
      statuses.push(...(await Promise.all([0, 1, 2, 3].map((offset) => call(index + offset)))))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await failover
    // What has a budget waits for leases, and is refused when none comes in time.
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([])
    const recorded = await eventually('every call in the database', async () => {
      const usage = await gateway.controlPlane.database.transaction(gateway.organizationId, (em) =>
        em.execute<{ outcome: string; cost: string }[]>(
          "select outcome, cost_nano_usd as cost from usage_records where operation <> 'models.list'",
        ),
      )
      return usage.length >= statuses.length ? usage : undefined
    })
    expect(recorded).toHaveLength(statuses.length)
    const served = recorded.filter(({ outcome }) => outcome === 'succeeded')
    expect(served).toHaveLength(statuses.filter((status) => status === 200).length)
    expect(billedCalls()).toHaveLength(served.length)
    expect(recorded.reduce((sum, { cost }) => sum + Number(cost), 0)).toBe(
      billedCalls().reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0),
    )
  },
  90_000,
)
