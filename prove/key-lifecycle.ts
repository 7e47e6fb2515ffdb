import { setTimeout as delay } from 'node:timers/promises'
import { chat } from '../test/acceptance/calls.ts'
import { issueKey, revokeKey, type TestKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import { judge, type TimePromise, type Verdict } from './promise.ts'

const usable: TimePromise = {
  promise: 'an issued key works on two data planes within 1 s',
  quantile: 1,
  limitMs: 1_000,
}
const visible: TimePromise = {
  promise: 'a call is in usage and audit trail within 2 s',
  quantile: 1,
  limitMs: 2_000,
}
const revoked: TimePromise = {
  promise: 'a revoked key is refused on two data planes within 250 ms p99',
  quantile: 0.99,
  limitMs: 250,
}
/** A broken promise is still measured up to here. */
const giveUpMs = 10_000
const visibleEvery = 10

/** Issues, uses and revokes keys one after the other; each time counts from the mutation's or the call's answer. */
export async function proveKeyLifecycle(
  planes: Planes,
  runs: number,
  progress: (line: string) => void,
): Promise<Verdict[]> {
  const times = { usable: [] as number[], visible: [] as number[], revoked: [] as number[] }
  for (let run = 1; run <= runs; run += 1) {
    const key = await issueKey(planes, planes.demo, { name: `prove ${run}` })
    times.usable.push(await untilStatus(planes, key, 200))
    if (run % visibleEvery === 0) times.visible.push(await untilVisible(planes, key))
    await revokeKey(planes, key.id)
    times.revoked.push(await untilStatus(planes, key, 403))
    if (run % 20 === 0) progress(`${run} of ${runs} keys issued, used and revoked`)
  }
  return [judge(usable, times.usable), judge(visible, times.visible), judge(revoked, times.revoked)]
}

/** Milliseconds until the last data plane answers calls of this key so. */
export async function untilStatus(
  { dataPlanes }: Planes,
  { secret }: TestKey,
  status: number,
): Promise<number> {
  const each = dataPlanes.map((dataPlane) =>
    until(async () => (await chat(dataPlane, secret)).status === status),
  )
  return Math.max(...(await Promise.all(each)))
}

function untilVisible(planes: Planes, { id }: TestKey): Promise<number> {
  const calls = planes.dataPlanes.length
  return until(async () => {
    const { usage, auditEvents } = await planes.graphql<Record<'usage' | 'auditEvents', Count>>(
      `query ($id: ID!) {
         usage(filter: { virtualKeyId: $id, outcome: succeeded }) { totalCount }
         auditEvents(filter: { actorId: $id, type: "inference.succeeded" }) { totalCount }
       }`,
      { id },
    )
    return usage.totalCount >= calls && auditEvents.totalCount >= calls
  })
}

interface Count {
  readonly totalCount: number
}

/** Milliseconds until the condition held. */
async function until(condition: () => Promise<boolean>): Promise<number> {
  const startedAt = performance.now()
  while (!(await condition())) {
    if (performance.now() - startedAt > giveUpMs) break
    await delay(2)
  }
  return performance.now() - startedAt
}
