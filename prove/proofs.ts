import { randomInt } from 'node:crypto'
import { budgets } from '../chaos/budgets.ts'
import { DatabaseServer } from '../chaos/database-server.ts'
import { records } from '../chaos/records.ts'
import type { Scenario } from '../chaos/scenario.ts'
import { type Planes, startPlanes } from '../test/acceptance/planes.ts'
import { proveConfirmedRevocations } from './confirmed-revocations.ts'
import { proveFrozenRedis } from './frozen-redis.ts'
import { proveKeyLifecycle } from './key-lifecycle.ts'
import type { Progress, Proof, ProofVerdict } from './proof.ts'
import { proveRestoredBackup } from './restored-backup.ts'
import { proveWholeStreams } from './whole-streams.ts'

const chaosSeconds = 60

/** In the order in which they run. */
export const proofs: readonly Proof[] = [
  onPlanes('key-lifecycle', (planes, progress) => proveKeyLifecycle(planes, 200, progress)),
  onPlanes('confirmed-revocations', async (planes, progress) => [
    await proveConfirmedRevocations(planes, 500, progress),
  ]),
  onPlanes('frozen-redis', async (planes) => [await proveFrozenRedis(planes)]),
  onPlanes('whole-streams', async (planes, progress) => [
    await proveWholeStreams(planes, { streams: 100, seconds: 60, reloadsPerSecond: 20 }, progress),
  ]),
  { name: 'restored-backup', prove: proveRestoredBackup },
  underChaos('records', records, { seeds: 1 }),
  underChaos('budgets', budgets, { seeds: 10 }),
]

/** On a control plane and two data planes, with PostgreSQL and Redis of their own. */
function onPlanes(
  name: string,
  prove: (planes: Planes, progress: Progress) => Promise<readonly ProofVerdict[]>,
): Proof {
  return {
    name,
    async *prove(progress) {
      await using ends = new AsyncDisposableStack()
      const database = await DatabaseServer.start()
      ends.defer(() => database.remove())
      const planes = await startPlanes({ superuserUrl: database.superuserUrl, dataPlanes: 2 })
      ends.defer(() => planes.stop())
      yield* await prove(planes, progress)
    },
  }
}

function underChaos(name: string, scenario: Scenario, { seeds }: { readonly seeds: number }): Proof {
  return {
    name,
    async *prove(progress) {
      for (let run = 0; run < seeds; run += 1) {
        const seed = randomInt(2 ** 32 - 1)
        progress(`chaos with seed ${seed}: ${scenario.promise}`)
        const options = { seed, seconds: chaosSeconds, dataPlanes: 3 }
        const { verdict, isKept } = await scenario.prove(options, progress)
        yield { ...verdict, kept: isKept }
      }
    },
  }
}
