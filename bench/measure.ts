import type { Case } from './cases.ts'
import { cpuMicros, residentMegabytes } from './processes.ts'
import { loadTarget, type Target } from './target.ts'

export interface Settings {
  readonly warmUpCalls: number
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
}

/** What one target did in one round. */
export interface Sample {
  readonly callsPerSecond: number
  readonly cpuMicrosPerCall: number
  readonly residentMegabytes: number
}

/** In flight while latency is measured: against the paced upstream (50 ms) that makes about 500 calls a second. */
const pacedConnections = 25
const leadInSeconds = 1
const warmUpLimitMs = 120_000

/** Calls until the code is compiled and the pools are full, spread over all shapes; bounded in time. */
export async function warmUp(target: Target, shapes: readonly Case[], settings: Settings): Promise<number> {
  const deadline = performance.now() + warmUpLimitMs
  let calls = 0
  for (const [index, shape] of shapes.entries()) {
    const goal = (settings.warmUpCalls * (index + 1)) / shapes.length
    while (calls < goal && performance.now() < deadline) {
      const load = await loadTarget(target, shape, {
        pace: 'immediate',
        connections: settings.connections,
        seconds: 1,
      })
      calls += load.calls
    }
  }
  await target.settle?.()
  return calls
}

export async function measureThroughput(target: Target, shape: Case, settings: Settings): Promise<Sample> {
  const { pid } = target.process ?? { pid: process.pid }
  const before = cpuMicros(pid)
  const load = await loadTarget(target, shape, { ...settings, pace: 'immediate' })
  const used = cpuMicros(pid) - before
  await target.settle?.()
  return {
    callsPerSecond: load.callsPerSecond,
    cpuMicrosPerCall: used / load.calls,
    residentMegabytes: residentMegabytes(pid),
  }
}

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

export async function measureLatency(target: Target, shape: Case, settings: Settings): Promise<Latency> {
  const paced = { pace: 'paced', connections: pacedConnections } as const
  // What lay idle gave its leases back: the first calls wait for new ones, and are not what is measured here.
  await loadTarget(target, shape, { ...paced, seconds: leadInSeconds })
  const latency = await loadTarget(target, shape, { ...paced, seconds: settings.seconds })
  await target.settle?.()
  return latency
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
