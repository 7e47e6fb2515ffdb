import { startPlanes } from '../test/acceptance/planes.ts'
import { proveKeyLifecycle } from './key-lifecycle.ts'
import { startDatabaseServer } from './stores.ts'

const runs = 200
const progress = (line: string) => process.stderr.write(`${line}\n`)

// The promises of the README at their stated counts: one JSON line each on stdout, exit code 1 when one is broken.
await using ends = new AsyncDisposableStack()
const { superuserUrl } = await startDatabaseServer(ends, progress)
const planes = await startPlanes({ superuserUrl, dataPlanes: 2 })
ends.defer(() => planes.stop())
for (const verdict of await proveKeyLifecycle(planes, runs, progress)) {
  process.stdout.write(`${JSON.stringify(verdict)}\n`)
  if (!verdict.kept) process.exitCode = 1
}
