import { startUpstream } from '../comparison.ts'
import { warmUp } from '../measure.ts'
import { leaveGatewayCore } from '../processes.ts'
import { prepareMachine } from '../requirements.ts'
import { run } from '../run.ts'
import { readBudgetFlags, usage } from './flags.ts'
import { startManyKeys } from './many-keys.ts'
import { measureBudgets, shape } from './measure.ts'

const progress = (text: string) => process.stderr.write(`${text}\n`)

async function main(): Promise<void> {
  const flags = readBudgetFlags(process.argv.slice(2))
  if (flags === 'help') {
    progress(usage)
    return
  }
  prepareMachine({ withPortkey: false, progress })
  leaveGatewayCore()
  const { origin: upstreamOrigin } = await startUpstream()
  const options = { keys: Math.max(...flags.sizes), upstreamOrigin, progress }
  const governed = await startManyKeys({ ...options, name: 'governed', isGoverned: true })
  const free = await startManyKeys({ ...options, name: 'free', isGoverned: false })
  for (const gateway of [governed, free]) {
    const target = gateway.target(1)
    const calls = await warmUp(target, [shape], flags)
    progress(`${target.name} is warm after ${calls} calls`)
  }
  for (const keys of flags.sizes) {
    const result = await measureBudgets({ governed, free }, keys, flags, progress)
    process.stdout.write(`${JSON.stringify(result)}\n`)
  }
}

await run(main)
