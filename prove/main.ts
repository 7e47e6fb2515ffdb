import { randomInt } from 'node:crypto'
import { DatabaseServer } from '../chaos/database-server.ts'
import { isKept, proveRecords } from '../chaos/records.ts'
import { startPlanes } from '../test/acceptance/planes.ts'
import { proveKeyLifecycle } from './key-lifecycle.ts'

const runs = 200
const chaosSeconds = 60
const progress = (line: string) => process.stderr.write(`${line}\n`)

/** The promises of the README at their stated counts and times, each verdict as it is known. */
async function* verdicts(): AsyncGenerator<{ readonly kept: boolean }> {
  await using ends = new AsyncDisposableStack()
  const database = await DatabaseServer.start()
  ends.defer(() => database.remove())
  const planes = await startPlanes({ superuserUrl: database.superuserUrl, dataPlanes: 2 })
  ends.defer(() => planes.stop())
  yield* await proveKeyLifecycle(planes, runs, progress)
  await ends.disposeAsync()
  const seed = randomInt(2 ** 32 - 1)
  progress(`chaos with seed ${seed}`)
  const { verdict } = await proveRecords({ seed, seconds: chaosSeconds, dataPlanes: 3 }, progress)
  yield { ...verdict, kept: isKept(verdict) }
}

for await (const verdict of verdicts()) {
  process.stdout.write(`${JSON.stringify(verdict)}\n`)
  if (!verdict.kept) process.exitCode = 1
}
