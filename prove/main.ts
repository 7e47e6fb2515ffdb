import { randomInt } from 'node:crypto'
import { budgets } from '../chaos/budgets.ts'
import { DatabaseServer } from '../chaos/database-server.ts'
import { records } from '../chaos/records.ts'
import { startPlanes } from '../test/acceptance/planes.ts'
import { proveConfirmedRevocations } from './confirmed-revocations.ts'
import { proveFrozenRedis } from './frozen-redis.ts'
import { proveKeyLifecycle } from './key-lifecycle.ts'

const runs = 200
const confirmedRuns = 500
const chaosSeconds = 60
/** How many seeds of each scenario. */
const chaosSeeds = [
  [records, 1],
  [budgets, 10],
] as const
const progress = (line: string) => process.stderr.write(`${line}\n`)

/** The promises of the README at their stated counts and times, each verdict as it is known. */
async function* verdicts(): AsyncGenerator<{ readonly kept: boolean }> {
  await using ends = new AsyncDisposableStack()
  const database = await DatabaseServer.start()
  ends.defer(() => database.remove())
  const planes = await startPlanes({ superuserUrl: database.superuserUrl, dataPlanes: 2 })
  ends.defer(() => planes.stop())
  yield* await proveKeyLifecycle(planes, runs, progress)
  yield await proveConfirmedRevocations(planes, confirmedRuns, progress)
  yield await proveFrozenRedis(planes)
  await ends.disposeAsync()
  for (const [scenario, seeds] of chaosSeeds) {
    for (let run = 0; run < seeds; run += 1) {
      const seed = randomInt(2 ** 32 - 1)
      progress(`chaos with seed ${seed}: ${scenario.promise}`)
      const { verdict, isKept } = await scenario.prove(
        { seed, seconds: chaosSeconds, dataPlanes: 3 },
        progress,
      )
      yield { ...verdict, kept: isKept }
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

for await (const verdict of verdicts()) {
  process.stdout.write(`${JSON.stringify(verdict)}\n`)
  if (!verdict.kept) process.exitCode = 1
}
