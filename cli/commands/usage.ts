import { type Command, Option } from 'commander'
import { withConnection } from '../client/connection.ts'
import type { UsageCsvOptions } from '../usage/csv.ts'
import type { UsageOptions } from '../usage/show.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

const collect = (value: string, values: readonly string[] = []) => [...values, value]

export function addUsageCommand(program: Command): void {
  const command = program
    .command('usage')
    .description('Shows what calls came to')
    .option('--since <time>', 'from when: 24h, 7d or a date; 24h unless given')
    .option('--by <what>', 'team, key, model, user, customer, provider, outcome or day; team unless given')
    .addOption(new Option('--json', 'print JSON').conflicts('csv'))
    .addOption(
      new Option('--csv', 'print CSV, with ids and nano-USD, grouped as the options below say').conflicts(
        'by',
      ),
    )
    .option('--output <file>', 'write the CSV to a file')
    .option('--group-by <what>', 'MODEL, TEAM, VIRTUAL_KEY, …; several with commas', collect)
    .option('--interval <interval>', 'MINUTE, HOUR, DAY, WEEK or MONTH')
    .option('--time-zone <zone>', 'by whose clocks intervals begin, such as Europe/Berlin; UTC unless given')
    .option('--from <time>', 'from when, such as 2026-11-01T00:00:00Z, instead of --since')
    .option('--to <time>', 'until when; now unless given')
    .option(
      '--workspace-ids <id>',
      'only of this workspace; this and the following may be given more than once',
      collect,
    )
    .option('--customer-ids <id>', 'only of this customer', collect)
    .option('--business-unit-ids <id>', 'only of this business unit', collect)
    .option('--team-ids <id>', 'only of this team', collect)
    .option('--user-ids <id>', 'only of this user', collect)
    .option('--virtual-key-ids <id>', 'only with this virtual key', collect)
    .option('--tags <tag>', 'only with keys that have this tag', collect)
    .option('--provider-ids <id>', 'only of this provider', collect)
    .option('--models <name>', 'only of this model, as callers name it', collect)
    .option('--upstream-models <name>', 'only of this model, as the provider was asked', collect)
    .option(
      '--outcomes <outcome>',
      'only those that ended so: succeeded, denied, failed, cancelled, unknown',
      collect,
    )
    .addHelpText('after', environmentHelp('client'))
    .addHelpText(
      'after',
      examplesHelp(
        ['gatehouse usage --since 7d --by model', 'the dearest first'],
        [
          'gatehouse usage --csv --since 30d --group-by TEAM,MODEL --interval DAY --output usage.csv',
          'for a spreadsheet',
        ],
      ),
    )
  withConnection(command).action(async (options: UsageOptions & UsageCsvOptions & { readonly csv?: true }) =>
    options.csv
      ? (await import('../usage/csv.ts')).writeUsageCsv(options)
      : (await import('../usage/show.ts')).showUsage(options),
  )
}
