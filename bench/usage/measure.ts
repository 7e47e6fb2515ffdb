import type { ListsApi } from '../lists/control-plane.ts'
import { percentile } from '../lists/measure.ts'
import { type UsageCase, usageDocument } from './cases.ts'

export interface UsageResult {
  readonly case: string
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  /** In the last answer. */
  readonly groups: number
}

const warmUpRounds = 5

/** Queries one after the other. */
export async function measureUsage(api: ListsApi, shape: UsageCase, rounds: number): Promise<UsageResult> {
  const ask = (round: number) => api.ask(shape.principal, usageDocument, shape.variables(round))
  for (let round = 0; round < warmUpRounds; round++) await ask(round)
  const times: number[] = []
  let groups = 0
  for (let round = 0; round < rounds; round++) {
    const { data, milliseconds } = await ask(warmUpRounds + round)
    times.push(milliseconds)
    groups = (data.usageSummary as readonly unknown[]).length
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => Number(percentile(times, share).toFixed(1))
  return { case: shape.name, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), groups }
}
