import type { Command } from 'commander'
import { withConnection } from '../client/connection.ts'
import type { ApplyOptions } from '../configuration-file/apply.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addApplyCommand(program: Command): void {
  const command = program
    .command('apply')
    .description('Makes an organization what a file says: all of it or nothing')
    .requiredOption('-f, --file <path>', 'YAML or JSON, also a Bifrost config.json; "-" is stdin')
    .option('--dry-run', 'only show what would change')
    .option('-y, --yes', 'apply without asking')
    .option('--prune', 'delete what the file leaves out of the lists that it has')
    .option('--json', 'print the changes as JSON')
    .addHelpText('after', environmentHelp('client'))
    .addHelpText(
      'after',
      examplesHelp(
        ['gatehouse apply -f gatehouse.yaml --dry-run', 'what would change'],
        ['gatehouse apply -f gatehouse.yaml --yes', 'for a pipeline'],
      ),
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 applied or nothing to do, 1 refused or failed, 2 the file is wrong',
    )
  withConnection(command).action(async (options: ApplyOptions) =>
    (await import('../configuration-file/apply.ts')).applyFile(options),
  )
}
