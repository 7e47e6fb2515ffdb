import type { Command } from 'commander'
import type { RecoveryOptions } from '../up/admin-token.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addRecoverAdminCommand(program: Command): void {
  program
    .command('recover-admin')
    .description('Lets an administrator in when nobody can sign in: prints an admin token that soon ends')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--minutes <number>', 'how long it works, 1 to 1440', '60')
    .option('--organization <id>', 'whose; needed only where there are several')
    .addHelpText('after', environmentHelp('create-admin-token'))
    .addHelpText(
      'after',
      examplesHelp(
        ['gatehouse recover-admin --reason "okta is down"', 'for "gatehouse up", running or not'],
        ['DATABASE_URL=… gatehouse recover-admin --reason …', 'for a control plane of its own'],
      ),
    )
    .action(async (options: RecoveryOptions) => (await import('../up/admin-token.ts')).recoverAdmin(options))
}
