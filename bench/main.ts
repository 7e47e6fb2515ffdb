import { cases } from './cases.ts'
import { startPassthrough, startPortkey, startUpstream } from './comparison.ts'
import { type Flags, readFlags, usage } from './flags.ts'
import { startGateway } from './gateway.ts'
import { warmUp } from './measure.ts'
import { leaveGatewayCore } from './processes.ts'
import { prepareMachine } from './requirements.ts'
import { type Contest, measureCase } from './rounds.ts'
import { run } from './run.ts'
import { checkTarget } from './target.ts'

const progress = (text: string) => process.stderr.write(`${text}\n`)

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2))
  if (flags === 'help') {
    progress(usage)
    return
  }
  prepareMachine({ withPortkey: flags.withPortkey, progress })
  leaveGatewayCore()
  const gateways = await startContest(flags)
  for (const shape of flags.cases) {
    const result = await measureCase(gateways, shape, flags, progress)
    process.stdout.write(`${JSON.stringify(result)}\n`)
  }
}

async function startContest(flags: Flags): Promise<Contest> {
  const direct = await startUpstream()
  progress('starting the gateway with its control plane, PostgreSQL and Redis')
  const gateway = await startGateway({
    upstreamOrigin: direct.origin,
    durability: flags.durability,
    profileFolder: flags.profileFolder,
    progress,
  })
  const passthrough = flags.withPassthrough ? await startPassthrough(direct) : undefined
  const portkey = flags.withPortkey ? await startPortkey(direct) : undefined
  for (const target of [direct, gateway, passthrough, portkey]) {
    if (!target) continue
    for (const shape of cases) await checkTarget(target, shape)
    const calls = await warmUp(target, flags.cases, flags)
    progress(`${target.name} is warm after ${calls} calls`)
  }
  return { direct, gateway, passthrough, portkey }
}

await run(main)
