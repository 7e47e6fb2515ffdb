import type { Command } from 'commander'
import { type ConnectionOptions, withConnection } from '../client/connection.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addExportCommand(program: Command): void {
  const command = program
    .command('export')
    .description('Writes the configuration of an organization as a file that "gatehouse apply" takes')
    .option('--json', 'as JSON instead of YAML')
    .addHelpText('after', environmentHelp('client'))
    .addHelpText('after', examplesHelp(['gatehouse export > gatehouse.yaml', 'secrets are left out']))
  withConnection(command).action(async (options: ConnectionOptions & { readonly json?: boolean }) =>
    (await import('../configuration-file/export.ts')).exportFile(options),
  )
}
