import { leaveGatewayCore, stopAll } from '../processes.ts'
import { run } from '../run.ts'
import { readDistributionFlags, usage } from './flags.ts'
import { measureDistribution } from './measure.ts'

const progress = (text: string) => process.stderr.write(`${text}\n`)

async function main(): Promise<void> {
  const flags = readDistributionFlags(process.argv.slice(2))
  if (flags === 'help') {
    progress(usage)
    return
  }
  leaveGatewayCore()
  for (const keys of flags.sizes) {
    const measured = await measureDistribution({ keys, changes: flags.changes }, progress)
    process.stdout.write(`${JSON.stringify(measured)}\n`)
    await stopAll()
  }
}

await run(main)
