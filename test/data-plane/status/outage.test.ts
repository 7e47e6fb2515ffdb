import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EmbeddedRedis } from '../../../cli/embedded/redis.ts'
import { type Gateway, startGateway } from '../../environment/gateway.ts'
import { startOwnRedis } from '../../environment/index.ts'
import { eventually } from '../../transport/poll.ts'

interface Readiness {
  readonly httpStatus: number
  readonly degraded: readonly { readonly what: string; readonly canGoOnForSeconds: number | null }[]
}

let clockAheadMs = 0
let redis: EmbeddedRedis
let gateway: Gateway

beforeAll(async () => {
  redis = await startOwnRedis({ persistent: true })
  gateway = await startGateway({ redisUrl: redis.url, now: () => Date.now() + clockAheadMs })
}, 60_000)
afterAll(async () => {
  await gateway.stop()
  await redis.kill()
})

const dataPlaneUrl = () => gateway.dataPlanes[0]?.statusUrl ?? ''

async function readinessAt(url: string): Promise<Readiness> {
  const response = await fetch(`${url}/readyz`)
  return { httpStatus: response.status, ...((await response.json()) as Omit<Readiness, 'httpStatus'>) }
}

/** Waits until exactly these are degraded. */
function degradedAt(url: string, ...names: string[]): Promise<Readiness> {
  return eventually(`${names.join(', ') || 'nothing'} degraded`, async () => {
    const readiness = await readinessAt(url)
    const found = readiness.degraded.map(({ what }) => what).toSorted()
    return JSON.stringify(found) === JSON.stringify(names.toSorted()) ? readiness : undefined
  })
}

async function call(): Promise<number> {
  const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/models`, {
    headers: { authorization: `Bearer ${gateway.demo.virtualKey}` },
  })
  await response.arrayBuffer()
  return response.status
}

async function metricAt(url: string, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return Number(line?.slice(series.length + 1) ?? Number.NaN)
}

// One story: each part begins where the one before it ended.
describe('what both planes say of themselves', () => {
  it('is nothing while all is well', async () => {
    expect(await degradedAt(dataPlaneUrl())).toMatchObject({ httpStatus: 200, status: 'ready' })
    expect(await degradedAt(gateway.controlPlane.url)).toMatchObject({ httpStatus: 200, status: 'ready' })
  })

  it('is, while Redis is away, that it is, and both stay ready', async () => {
    await redis.kill()
    const readiness = await degradedAt(dataPlaneUrl(), 'redis_unreachable')
    expect(readiness.httpStatus).toBe(200)
    expect(await call()).toBe(200)
    expect((await degradedAt(gateway.controlPlane.url, 'redis_unreachable')).httpStatus).toBe(200)
    for (const url of [dataPlaneUrl(), gateway.controlPlane.url]) {
      expect(await metricAt(url, 'gatehouse_degraded{what="redis_unreachable"}')).toBe(1)
      expect(await metricAt(url, 'gatehouse_redis_connected{role="commands"}')).toBe(0)
    }
  })

  it('is over once Redis is back', async () => {
    redis = await startOwnRedis({ persistent: true, port: redis.port })
    await degradedAt(dataPlaneUrl())
    await degradedAt(gateway.controlPlane.url)
    expect(await metricAt(dataPlaneUrl(), 'gatehouse_redis_connected{role="commands"}')).toBe(1)
  })

  it('is, without a control plane, how old what it says is', async () => {
    await gateway.controlPlane.close()
    clockAheadMs = 30_000
    const readiness = await degradedAt(dataPlaneUrl(), 'control_plane_silent')
    expect(readiness.httpStatus).toBe(200)
    expect(await metricAt(dataPlaneUrl(), 'gatehouse_config_head_age_seconds')).toBeGreaterThan(15)
    expect(await call()).toBe(200)
  })
})
