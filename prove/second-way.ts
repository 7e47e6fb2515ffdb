import { eventually } from '../test/acceptance/gateway.ts'
import { issueKey, revokeKey, type TestKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import { untilStatus } from './key-lifecycle.ts'
import { judge, type TimePromise, type Verdict } from './promise.ts'
import type { Progress } from './proof.ts'

const unheard: TimePromise = {
  promise: 'with every pub/sub message lost, a revoked key is refused on two data planes within 1.5 s p99',
  quantile: 0.99,
  limitMs: 1_500,
}
const withoutRedis: TimePromise = {
  promise:
    'with Redis killed and the control plane up, a revoked key is refused on two data planes within 3 s',
  quantile: 1,
  limitMs: 3_000,
}
const usableLimitMs = 30_000

/** @param planes whose data planes hear nothing that is published in Redis. */
export async function proveLostHints(planes: Planes, runs: number, progress: Progress): Promise<Verdict> {
  const times: number[] = []
  for (let run = 1; run <= runs; run += 1) {
    const key = await usableKey(planes, `unheard ${run}`)
    times.push(await timeRevocation(planes, key))
    if (run % 20 === 0) progress(`${run} of ${runs} keys revoked without hints`)
  }
  return judge(unheard, times)
}

/** Every second revocation comes at the moment at which Redis is killed, the others while it is gone. */
export async function proveRevocationsWithoutRedis(
  planes: Planes,
  runs: number,
  progress: Progress,
): Promise<Verdict> {
  const times: number[] = []
  for (let run = 1; run <= runs; run += 1) {
    const key = await usableKey(planes, `without Redis ${run}`)
    await planes.redis.kill()
    times.push(await timeRevocation(planes, key))
    if (run % 2 === 0) await planes.redis.start()
    if (run % 10 === 0) progress(`${run} of ${runs} keys revoked without Redis`)
  }
  return judge(withoutRedis, times)
}

async function usableKey(planes: Planes, name: string): Promise<TestKey> {
  const key = await issueKey(planes, planes.demo, { name })
  await eventually(async () => (await untilStatus(planes, key, 200)) < usableLimitMs, usableLimitMs)
  return key
}

/** From the mutation's answer on. */
async function timeRevocation(planes: Planes, key: TestKey): Promise<number> {
  await revokeKey(planes, key.id)
  return untilStatus(planes, key, 403)
}
