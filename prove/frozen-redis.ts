import { chat } from '../test/acceptance/calls.ts'
import { issueKey, setRequestLimit } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import { quantile } from './promise.ts'
import { callSteadily } from './steady-calls.ts'

export interface FrozenRedisVerdict {
  readonly promise: string
  readonly calls: number
  readonly failed: number
  readonly usualP99Ms: number
  readonly frozenP99Ms: number
  readonly slowestMs: number
  readonly kept: boolean
}

const callsPerSecond = 200
const usualSeconds = 10
const frozenSeconds = 30
/** In which the data plane may find out. */
const graceMs = 1_000
const addedLimitMs = 60

/**
 * Halts Redis, which keeps its connections and answers nobody, while calls come at a steady rate whatever becomes of those
 * before them. Their key has a request limit, so that each depends on Redis.
 */
export async function proveFrozenRedis(planes: Planes): Promise<FrozenRedisVerdict> {
  const key = await issueKey(planes, planes.demo, { name: 'frozen' })
  await setRequestLimit(planes, key.id, 1_000_000)
  await planes.applied()
  await callPlanes(planes, key.secret, usualSeconds)
  const usual = await callPlanes(planes, key.secret, usualSeconds)
  planes.redis.halt()
  const frozen = await callPlanes(planes, key.secret, frozenSeconds)
  planes.redis.resume()
  const recovered = await callPlanes(planes, key.secret, usualSeconds)

  const all = [...usual, ...frozen, ...recovered]
  const failed = all.filter(({ isServed }) => !isServed).length
  const usualP99Ms = p99(usual)
  const frozenP99Ms = p99(frozen.filter(({ atMs }) => atMs >= graceMs))
  const slowestMs = Math.round(Math.max(...frozen.map(({ tookMs }) => tookMs)))
  return {
    promise: `with Redis frozen for ${frozenSeconds} s at ${callsPerSecond} calls/s, the p99 rises by at most ${addedLimitMs} ms`,
    ...{ calls: all.length, failed, usualP99Ms, frozenP99Ms, slowestMs },
    kept: failed === 0 && frozenP99Ms <= usualP99Ms + addedLimitMs,
  }
}

interface TimedCall {
  readonly atMs: number
  readonly tookMs: number
  readonly isServed: boolean
}

function callPlanes({ dataPlanes }: Planes, secret: string, seconds: number): Promise<TimedCall[]> {
  return callSteadily({ callsPerSecond, seconds }, (number, atMs) => {
    const plane = dataPlanes[number % dataPlanes.length]
    if (!plane) throw new RangeError('there is no data plane')
    return time(atMs, () => chat(plane, secret))
  })
}

async function time(atMs: number, ask: () => Promise<{ readonly status: number }>): Promise<TimedCall> {
  const startedAt = performance.now()
  const isServed = await ask().then(
    ({ status }) => status === 200,
    () => false,
  )
  return { atMs, tookMs: performance.now() - startedAt, isServed }
}

function p99(calls: readonly TimedCall[]): number {
  const sorted = calls.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  return Math.round(quantile(sorted, 0.99) * 10) / 10
}
