import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '../chaos/random.ts'
import { call } from '../chaos/traffic.ts'
import { issueKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import { judge, type Verdict } from './promise.ts'
import type { Progress } from './proof.ts'
import { SavedConfiguration } from './saved-configuration.ts'

const promise = {
  promise:
    'a killed data plane whose newest configuration on disk is damaged serves again within 2 s, without Redis',
  quantile: 1,
  limitMs: 2_000,
}
const changesBetween = 3
const pollMs = 5

/** Kills one data plane after changes, damages what it saved last, and starts it with Redis dead. */
export async function proveTornRestarts(
  planes: Planes,
  { runs, seed }: { readonly runs: number; readonly seed: number },
  progress: Progress,
): Promise<Verdict> {
  const [plane] = planes.dataPlanes
  const [stateDirectory] = planes.stateDirectories
  if (!plane || !stateDirectory) throw new RangeError('there is no data plane')
  const disk = new SavedConfiguration(stateDirectory)
  const random = new Random(seed)
  const { secret: virtualKey } = await issueKey(planes, planes.demo, { name: 'torn' })
  await planes.applied()
  const times: number[] = []
  for (let run = 1; run <= runs; run += 1) {
    // Each process begins a generation of its own with its first change.
    await plane.kill()
    await plane.start()
    for (let change = 0; change < changesBetween; change += 1) {
      await issueKey(planes, planes.demo, { name: `torn ${run}.${change}` })
      await planes.applied()
    }
    await Promise.all([plane.kill(), planes.redis.kill()])
    disk.damageNewest(random)
    const startedAt = performance.now()
    await plane.start()
    const ask = { virtualKey, model: 'demo-chat', manner: 'whole' } as const
    for (
      let attempt = 1;
      (await call(plane, { ...ask, id: `torn-${run}-${attempt}` })) !== 200;
      attempt += 1
    ) {
      await delay(pollMs)
    }
    times.push(performance.now() - startedAt)
    await planes.redis.start()
    await planes.applied()
    progress(`${run} of ${runs} restarts, the last took ${Math.round(times.at(-1) ?? 0)} ms`)
  }
  return judge(promise, times)
}
