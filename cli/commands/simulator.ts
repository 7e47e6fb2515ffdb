import type { Command } from 'commander'
import { readDataDir, readDemoProviderPort } from '../env.ts'
import { untilInterrupted } from '../interruption.ts'
import { prepareDataDir, simulatorLog } from '../up/data-dir.ts'
import { requireFreePorts } from '../up/ports.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addSimulatorCommand(program: Command): void {
  program
    .command('simulator')
    .description(
      'Runs the demo provider alone: an OpenAI-compatible API on loopback with deterministic answers',
    )
    .addHelpText('after', environmentHelp('simulator'))
    .addHelpText(
      'after',
      examplesHelp(
        ['gatehouse simulator', 'listens on 4010, logs to .gatehouse/simulator/calls.ndjson'],
        ['DEMO_PROVIDER_PORT=0 gatehouse simulator', 'on a free port'],
      ),
    )
    .action(runSimulator)
}

async function runSimulator(): Promise<void> {
  const dataDir = prepareDataDir(readDataDir(process.env))
  const port = readDemoProviderPort(process.env)
  await requireFreePorts([{ host: '127.0.0.1', port, name: 'DEMO_PROVIDER_PORT' }])
  const interrupted = untilInterrupted(() => process.exit(1))
  const { startSimulator } = await import('../simulator/server.ts')
  const simulator = await startSimulator({ port, logFile: simulatorLog(dataDir) })
  console.log(`The demo provider listens on ${simulator.baseUrl}; its calls are in ${simulator.logFile}`)
  await interrupted
  await simulator.close()
}
