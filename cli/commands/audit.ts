import type { Command } from 'commander'
import type { TailOptions } from '../audit/tail.ts'
import { withConnection } from '../client/connection.ts'
import { environmentHelp } from './environment-help.ts'

export function addAuditCommand(program: Command): void {
  const audit = program.command('audit').description('Reads what happened in an organization')
  withConnection(audit.command('tail'))
    .description('Prints the newest audit events')
    .option('-f, --follow', 'go on with the next ones as they come')
    .option('-n, --lines <count>', 'how many to begin with, at most 100', '20')
    .option('--type <type>', 'only these, such as virtual_key.issued')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', environmentHelp('client'))
    .action(async (options: TailOptions) => (await import('../audit/tail.ts')).tailAudit(options))
}
