import type { Command } from 'commander'
import { withConnection } from '../client/connection.ts'
import type { UsageOptions } from '../usage/show.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addUsageCommand(program: Command): void {
  const command = program
    .command('usage')
    .description('Shows what calls came to')
    .option('--since <time>', 'from when: 24h, 7d or a date', '24h')
    .option('--by <what>', 'team, key, model, user, customer, provider, outcome or day', 'team')
    .option('--json', 'print JSON')
    .addHelpText('after', environmentHelp('client'))
    .addHelpText('after', examplesHelp(['gatehouse usage --since 7d --by model', 'the dearest first']))
  withConnection(command).action(async (options: UsageOptions) =>
    (await import('../usage/show.ts')).showUsage(options),
  )
}
