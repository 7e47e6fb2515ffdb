import type { Command } from 'commander'
import { readEnv } from '../../control-plane/env.ts'
import { orRefuse } from '../start-refused.ts'
import { requireFreePorts } from '../up/ports.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'
import { runPlane } from './run-plane.ts'

export function addControlPlaneCommand(program: Command): void {
  program
    .command('control-plane')
    .description('Runs the control plane alone: GraphQL, configuration, budgets, usage; any number of them')
    .addHelpText('after', environmentHelp('control-plane'))
    .addHelpText(
      'after',
      examplesHelp([
        'DATABASE_URL=… REDIS_URL=… GATEHOUSE_MASTER_KEY=… gatehouse control-plane',
        'after gatehouse migrate',
      ]),
    )
    .action(async () => {
      // Only now: the help of a command should not have to load a server.
      const { createControlPlane } = await import('../../control-plane/app.ts')
      const env = orRefuse(() => readEnv(process.env))
      await requireFreePorts([{ host: env.host, port: env.port, name: 'CONTROL_PLANE_PORT' }])
      await runPlane(env.logLevel, (log) => createControlPlane({ env, log: log.child({ plane: 'control' }) }))
    })
}
