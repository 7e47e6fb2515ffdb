import type { Command } from 'commander'
import { readEnv } from '../../data-plane/env.ts'
import { orRefuse } from '../start-refused.ts'
import { requireFreePorts } from '../up/ports.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'
import { runPlane } from './run-plane.ts'

export const acceptDamagedJournalHelp =
  'start over a journal that is damaged: a copy is kept, what can be read is used, and the control plane is told how much cannot'

interface Options {
  readonly bootstrapSnapshot?: string
  readonly acceptDamagedJournal?: boolean
}

export function addDataPlaneCommand(program: Command): void {
  program
    .command('data-plane')
    .description('Runs a data plane alone: it takes inference calls; any number of them')
    .option(
      '--bootstrap-snapshot <file>',
      'a file of "gatehouse export-bootstrap", for a start that reaches nobody and has nothing as new on disk',
    )
    .option('--accept-damaged-journal', acceptDamagedJournalHelp)
    .addHelpText('after', environmentHelp('data-plane'))
    .addHelpText(
      'after',
      examplesHelp(
        [
          'REDIS_URL=… CONTROL_PLANE_URL=… GATEHOUSE_ENROLMENT_TOKEN=… gatehouse data-plane',
          'its first start',
        ],
        ['REDIS_URL=… CONTROL_PLANE_URL=… gatehouse data-plane', 'every later one'],
      ),
    )
    .action(async ({ bootstrapSnapshot: bootstrapFile, acceptDamagedJournal = false }: Options) => {
      // Only now: the help of a command should not have to load a server.
      const { createDataPlane } = await import('../../data-plane/app.ts')
      const env = orRefuse(() => readEnv(process.env))
      await requireFreePorts([
        { host: env.host, port: env.port, name: 'DATA_PLANE_PORT' },
        { host: env.statusHost, port: env.statusPort, name: 'DATA_PLANE_STATUS_PORT' },
      ])
      await runPlane(env.logLevel, (log) =>
        createDataPlane({ env, bootstrapFile, acceptDamagedJournal, log: log.child({ plane: 'data' }) }),
      )
    })
}
