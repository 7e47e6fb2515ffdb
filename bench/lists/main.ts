import { run } from '../run.ts'
import { startListsApi } from './control-plane.ts'
import { openSeeded } from './database.ts'
import { readListFlags, usage } from './flags.ts'
import { measureList } from './measure.ts'

const progress = (text: string) => process.stderr.write(`${text}\n`)

async function main(): Promise<void> {
  const flags = readListFlags(process.argv.slice(2))
  if (flags === 'help') {
    progress(usage)
    return
  }
  const api = await startListsApi(await openSeeded({ ...flags, auditEvents: true }, progress))
  for (const shape of flags.cases) {
    process.stdout.write(`${JSON.stringify(await measureList(api, shape, flags.rounds))}\n`)
  }
}

await run(main)
