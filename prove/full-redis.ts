import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { call } from '../chaos/traffic.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import { issueKey } from '../test/acceptance/keys.ts'
import type { Plane } from '../test/acceptance/plane.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import type { Progress, ProofVerdict } from './proof.ts'
import { readRecorded } from './recorded.ts'

/** Redis has so much less than it uses once half of the calls are in its stream. */
const lackingBytes = 100_000
const shippingMs = 3_000
const callers = 8
const callsOfEach = 250
const noticeLimitMs = 30_000

/** Uses up the memory of Redis while no control plane empties it, and counts what arrives once one does. */
export async function proveFullRedis(
  planes: Planes,
  policy: 'noeviction' | 'allkeys-lru',
  progress: Progress,
): Promise<ProofVerdict> {
  const evicts = policy !== 'noeviction'
  const prefix = `redis-${policy}`
  const { secret } = await issueKey(planes, planes.demo, { name: prefix })
  await planes.applied()
  await planes.controlPlane.kill()
  const served = await makeCalls(planes.dataPlanes, secret, `${prefix}-before`)
  await delay(shippingMs)
  await configure(planes.redis.url, policy)
  const [first] = planes.dataPlanes
  if (!first) throw new RangeError('there is no data plane')
  await eventually(
    async () => (await readMetric(first, 'gatehouse_store_evicts')) === Number(evicts),
    noticeLimitMs,
    () => `gatehouse_store_evicts is not ${Number(evicts)}`,
  )
  const calls = 2 * callers * callsOfEach
  const servedAfter = await makeCalls(planes.dataPlanes, secret, `${prefix}-after`)
  const waiting = await backlog(planes.dataPlanes)
  progress(
    `${policy}: ${served + servedAfter} of ${calls} calls served, ${waiting} events wait in the journals`,
  )
  await planes.controlPlane.start()
  const recorded = await readRecorded(planes, prefix)
  await lift(planes.redis.url)
  const { missing, doubled } = recorded
  return {
    promise: evicts
      ? 'a Redis that evicts is told by the data planes, and loses no record'
      : 'with the memory of Redis used up calls go on, and every one is in the audit trail once it is emptied',
    ...{ calls, served: served + servedAfter, waiting, ...recorded },
    kept: served + servedAfter === calls && waiting > 0 && missing + doubled === 0,
  }
}

async function configure(url: string, policy: string): Promise<void> {
  const client = await createClient({ url }).connect()
  const used = Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1])
  await client.configSet({ maxmemory: String(used - lackingBytes), 'maxmemory-policy': policy })
  await client.close()
}

async function lift(url: string): Promise<void> {
  const client = await createClient({ url }).connect()
  await client.configSet({ maxmemory: '0', 'maxmemory-policy': 'noeviction' })
  await client.close()
}

async function makeCalls(planes: readonly Plane[], virtualKey: string, name: string): Promise<number> {
  let served = 0
  const caller = async (number: number) => {
    const plane = planes[number % planes.length]
    for (let each = 0; plane && each < callsOfEach; each++) {
      const id = `${name}-${number}-${each}`
      if ((await call(plane, { id, virtualKey, model: 'demo-chat', manner: 'whole' })) === 200) served++
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)))
  return served
}

async function backlog(planes: readonly Plane[]): Promise<number> {
  const counts = await Promise.all(planes.map((plane) => readMetric(plane, 'gatehouse_event_backlog')))
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
}

async function readMetric(plane: Plane, name: string): Promise<number | undefined> {
  const metrics = await (await fetch(`${plane.address('statusUrl')}/metrics`)).text()
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]
  return found === undefined ? undefined : Number(found)
}
