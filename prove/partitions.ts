import { randomInt } from 'node:crypto'
import { convergeAfterPartitions } from '../test/data-plane/config/partition-schedules.ts'
import type { Progress } from './proof.ts'

export interface PartitionsVerdict {
  readonly promise: string
  readonly runs: number
  readonly seed: number
  readonly kept: boolean
}

/** Random schedules of changes, outages, replays and restarts; a failure prints the shortest one. */
export async function provePartitions(runs: number, progress: Progress): Promise<PartitionsVerdict> {
  const seed = randomInt(2 ** 31 - 1)
  const kept = await convergeAfterPartitions({ runs, seed }).then(
    () => true,
    (error: unknown) => {
      progress(String(error))
      return false
    },
  )
  const promise =
    'after any partition every data plane has the hash of the control plane, and no revoked key comes back'
  return { promise, runs, seed, kept }
}
