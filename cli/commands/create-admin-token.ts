import type { Command } from 'commander'
import type { TokenOptions } from '../up/admin-token.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addCreateAdminTokenCommand(program: Command): void {
  program
    .command('create-admin-token')
    .description('Makes an admin token, such as for one that was lost, and prints it; it is shown only here')
    .option('--name <name>', 'what the token is listed as', 'command line')
    .option('--organization <id>', 'whose; needed only where there are several')
    .addHelpText('after', environmentHelp('create-admin-token'))
    .addHelpText(
      'after',
      examplesHelp(
        ['gatehouse create-admin-token', 'for "gatehouse up", running or not'],
        ['DATABASE_URL=… gatehouse create-admin-token', 'for a control plane of its own'],
      ),
    )
    .action(async (options: TokenOptions) => (await import('../up/admin-token.ts')).createAdminToken(options))
}
