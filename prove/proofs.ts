import { randomInt } from 'node:crypto'
import { budgets } from '../chaos/budgets.ts'
import { DatabaseServer } from '../chaos/database-server.ts'
import { records } from '../chaos/records.ts'
import type { Scenario } from '../chaos/scenario.ts'
import { openStage, type Stage } from '../chaos/stage.ts'
import { type Planes, type PlanesOptions, startPlanes } from '../test/acceptance/planes.ts'
import { proveAuthorization } from './authorization.ts'
import { proveBadValues } from './bad-values.ts'
import { proveBudgetMode } from './budget-modes.ts'
import { proveConfirmedRevocations } from './confirmed-revocations.ts'
import { proveCutStreams } from './cut-streams.ts'
import { proveDirectory } from './directory.ts'
import { proveFrozenDatabase } from './frozen-database.ts'
import { proveFrozenRedis } from './frozen-redis.ts'
import { proveFullDisk } from './full-disk.ts'
import { proveFullRedis } from './full-redis.ts'
import { proveKeyLifecycle } from './key-lifecycle.ts'
import { proveLeaseSchedules } from './lease-schedules.ts'
import { proveLostMachines } from './lost-machine.ts'
import { proveOutage } from './outage.ts'
import { laboriousPlugin, proveOverload } from './overload.ts'
import { provePartitions } from './partitions.ts'
import { provePreviousRelease } from './previous-release.ts'
import type { Progress, Proof, ProofVerdict } from './proof.ts'
import { proveRecordedFirst } from './recorded-first.ts'
import { proveRestoredBackup } from './restored-backup.ts'
import { proveInactivity, proveRevocation } from './revocation.ts'
import { proveLostHints, proveRevocationsWithoutRedis } from './second-way.ts'
import { proveTornRestarts } from './torn-restarts.ts'
import { proveTornSaves } from './torn-saves.ts'
import { proveWholeStreams } from './whole-streams.ts'

const chaosSeconds = 60
const anySeed = () => randomInt(2 ** 32 - 1)

const signInOften = { controlPlaneEnvironment: { SESSION_STORE: 'redis', SESSIONS_PER_USER: '1000' } }

/** In the order in which they run. */
export const proofs: readonly Proof[] = [
  onPlanes('key-lifecycle', (planes, progress) => proveKeyLifecycle(planes, 200, progress)),
  onPlanes('confirmed-revocations', async (planes, progress) => [
    await proveConfirmedRevocations(planes, 500, progress),
  ]),
  onPlanes(
    'revocation',
    async (planes, progress) => [await proveRevocation(planes, 120, progress)],
    signInOften,
  ),
  onPlanes(
    'revocation-by-provider',
    async (planes, progress) => [await proveInactivity(planes, 100, progress)],
    { controlPlaneEnvironment: { ...signInOften.controlPlaneEnvironment, SESSION_CHECK_MINUTES: '2' } },
  ),
  onPlanes('lost-hints', async (planes, progress) => [await proveLostHints(planes, 200, progress)], {
    losesHints: true,
  }),
  onPlanes('revocations-without-redis', async (planes, progress) => [
    await proveRevocationsWithoutRedis(planes, 50, progress),
  ]),
  {
    name: 'partitions',
    async *prove(progress) {
      yield await provePartitions(200, progress)
    },
  },
  onPlanes('frozen-redis', async (planes) => [await proveFrozenRedis(planes)]),
  onPlanes('frozen-database', async (planes, _progress, database) => [
    await proveFrozenDatabase(planes, database, { frozenSeconds: 30, operationSeconds: 30 }),
  ]),
  onPlanes('whole-streams', async (planes, progress) => [
    await proveWholeStreams(planes, { streams: 100, seconds: 60, reloadsPerSecond: 20 }, progress),
  ]),
  onPlanes('cut-streams', (planes, progress) =>
    proveCutStreams(planes, { streams: 500, seed: anySeed() }, progress),
  ),
  onStage('outage', (stage, progress) => proveOutage(stage, { seconds: 120, callsPerSecond: 200 }, progress)),
  {
    name: 'torn-saves',
    async *prove(progress) {
      yield await proveTornSaves({ kills: 200, seed: anySeed() }, progress)
    },
  },
  onPlanes('torn-restarts', async (planes, progress) => [
    await proveTornRestarts(planes, { runs: 20, seed: anySeed() }, progress),
  ]),
  { name: 'restored-backup', prove: proveRestoredBackup },
  onPlanes('recorded-first', async (planes, progress) => [
    await proveRecordedFirst(planes, { calls: 500 }, progress),
  ]),
  onPlanes('full-disk', async (planes, progress) => [
    await proveFullDisk(planes, 'refuse', progress),
    await proveFullDisk(planes, 'count', progress),
  ]),
  onPlanes('full-redis', async (planes, progress) => [
    await proveFullRedis(planes, 'noeviction', progress),
    await proveFullRedis(planes, 'allkeys-lru', progress),
  ]),
  onPlanes('lost-machines', async (planes, progress) => [
    await proveLostMachines(planes, { losses: 10, seed: anySeed() }, progress),
  ]),
  onPlanes('budget-modes', async (planes, progress) => [
    await proveBudgetMode(planes, 'STRICT', progress),
    await proveBudgetMode(planes, 'BALANCED', progress),
  ]),
  onPlanes('overload', proveOverload, { dataPlaneEnvironment: { GATEHOUSE_PLUGINS: laboriousPlugin } }),
  onPlanes('directory', async (planes, progress) => [
    await proveDirectory(planes, { people: 10_000, gone: 900, moved: 600 }, progress),
  ]),
  onPlanes('previous-release', async (planes, progress) => [await provePreviousRelease(planes, progress)]),
  {
    name: 'lease-schedules',
    async *prove(progress) {
      yield await proveLeaseSchedules({ schedules: 100_000, seed: randomInt(2 ** 31) }, progress)
    },
  },
  {
    name: 'bad-values',
    async *prove(progress) {
      yield await proveBadValues(progress)
    },
  },
  {
    name: 'authorization',
    async *prove(progress) {
      yield proveAuthorization({ worlds: 5_000, seed: randomInt(2 ** 31) }, progress)
    },
  },
  underChaos('records', records, { seeds: 1 }),
  underChaos('budgets', budgets, { seeds: 10 }),
]

/** On a control plane and two data planes, with PostgreSQL and Redis of their own. */
function onPlanes(
  name: string,
  prove: (planes: Planes, progress: Progress, database: DatabaseServer) => Promise<readonly ProofVerdict[]>,
  options: Pick<PlanesOptions, 'losesHints' | 'controlPlaneEnvironment' | 'dataPlaneEnvironment'> = {},
): Proof {
  return {
    name,
    async *prove(progress) {
      await using ends = new AsyncDisposableStack()
      const database = await DatabaseServer.start()
      ends.defer(() => database.remove())
      const planes = await startPlanes({ superuserUrl: database.superuserUrl, dataPlanes: 2, ...options })
      ends.defer(() => planes.stop())
      yield* await prove(planes, progress, database)
    },
  }
}

/** On a control plane and two data planes, each process of which can be killed, PostgreSQL too. */
function onStage(name: string, prove: (stage: Stage, progress: Progress) => Promise<ProofVerdict>): Proof {
  return {
    name,
    async *prove(progress) {
      await using ends = new AsyncDisposableStack()
      yield await prove(await openStage(2, ends), progress)
    },
  }
}

function underChaos(name: string, scenario: Scenario, { seeds }: { readonly seeds: number }): Proof {
  return {
    name,
    async *prove(progress) {
      for (let run = 0; run < seeds; run += 1) {
        const seed = anySeed()
        progress(`chaos with seed ${seed}: ${scenario.promise}`)
        const options = { seed, seconds: chaosSeconds, dataPlanes: 3 }
        const { verdict, isKept } = await scenario.prove(options, progress)
        yield { ...verdict, kept: isKept }
      }
    },
  }
}
