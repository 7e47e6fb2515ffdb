import type { Command } from 'commander'
import type { RestoreOptions } from '../restore/restore.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description(
      'Restores the database from a backup, or marks one that was restored by other means, so that data planes follow it',
    )
    .option('--from <file>', 'a backup made by pg_dump, in any of its formats')
    .option('--force', 'delete what the database holds first', false)
    .addHelpText('after', environmentHelp('restore'))
    .addHelpText(
      'after',
      examplesHelp(
        ['DATABASE_OWNER_URL=… DATABASE_URL=… gatehouse restore --from gatehouse.dump', 'an empty database'],
        ['DATABASE_URL=… gatehouse restore', 'after any other kind of restore'],
      ),
    )
    .action(async (options: RestoreOptions) => (await import('../restore/restore.ts')).restore(options))
}
