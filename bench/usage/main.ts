import { startListsApi } from '../lists/control-plane.ts'
import { openSeeded } from '../lists/database.ts'
import { counts } from '../lists/seed.ts'
import { run } from '../run.ts'
import { readUsageFlags, usage } from './flags.ts'
import { measureUsage } from './measure.ts'
import { measureRecording } from './recording.ts'

const progress = (text: string) => process.stderr.write(`${text}\n`)

async function main(): Promise<void> {
  const flags = readUsageFlags(process.argv.slice(2))
  if (flags === 'help') {
    progress(usage)
    return
  }
  if (flags.recording) return measureRecordings(flags.usageRows)
  const began = performance.now()
  const api = await startListsApi(await openSeeded({ ...flags, auditEvents: false }, progress))
  progress(`filled in ${Math.round((performance.now() - began) / 1_000)} s`)
  for (const shape of flags.cases) {
    process.stdout.write(`${JSON.stringify(await measureUsage(api, shape, flags.rounds))}\n`)
  }
}

async function measureRecordings(calls: number): Promise<void> {
  for (let round = 0; round < 3; round++) {
    for (const keys of [counts.keys, 1]) {
      process.stdout.write(`${JSON.stringify(await measureRecording(keys, calls))}\n`)
    }
  }
}

await run(main)
