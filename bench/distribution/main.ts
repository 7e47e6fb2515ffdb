import { leaveGatewayCore, stopAll } from '../processes.ts'
import { run } from '../run.ts'
import { readDistributionFlags, usage } from './flags.ts'
import { type Distribution, measureDistribution } from './measure.ts'
import { costOfOneMoreKey } from './one-more-key.ts'

const progress = (text: string) => process.stderr.write(`${text}\n`)
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

async function main(): Promise<void> {
  const flags = readDistributionFlags(process.argv.slice(2))
  if (flags === 'help') {
    progress(usage)
    return
  }
  leaveGatewayCore()
  const measured: Distribution[] = []
  for (const keys of flags.sizes) {
    const size = await measureDistribution({ keys, changes: flags.changes }, progress)
    print(size)
    measured.push(size)
    await stopAll()
  }
  const oneMoreKey = costOfOneMoreKey(measured)
  if (oneMoreKey) print({ oneMoreKey })
}

await run(main)
