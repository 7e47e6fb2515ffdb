import type { Command } from 'commander'
import { withConnection } from '../client/connection.ts'
import type { IssueOptions } from '../keys/issue.ts'
import type { ListOptions } from '../keys/list.ts'
import type { RevokeOptions } from '../keys/revoke.ts'
import type { RotateOptions } from '../keys/rotate.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

const collect = (value: string, values: readonly string[]) => [...values, value]

export function addKeysCommand(program: Command): void {
  const keys = program
    .command('keys')
    .description('Lists, issues, rotates and revokes virtual keys')
    .addHelpText('after', environmentHelp('client'))

  withConnection(keys.command('list'))
    .description('Lists the virtual keys, oldest first')
    .option('--search <text>', 'only those whose name contains it')
    .option('--status <status>', 'only those that are active, inactive or revoked')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions) => (await import('../keys/list.ts')).showKeys(options))

  withConnection(keys.command('issue <name>'))
    .description('Issues a key and prints its secret, which is shown only here')
    .option('--team <name>', 'the team that its calls are charged to, by name or id')
    .option('--customer <name>', 'the customer that its calls are charged to')
    .option('--user <email>', 'the user that its calls are charged to')
    .option('--allow <provider[/model]>', 'what it may use; repeat it for more', collect, [])
    .option('--workspace <name>', 'where it lives; needed only where there are several')
    .option('--expires <time>', 'when it ends: 90d, or a date')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examplesHelp(['gatehouse keys issue ci --team Build --allow openai/gpt-4o-mini', '']),
    )
    .action(async (name: string, options: IssueOptions) =>
      (await import('../keys/issue.ts')).issueKey(name, options),
    )

  withConnection(keys.command('rotate <key>'))
    .description('Gives a key, by name or id, a new secret and prints it')
    .option('--overlap <time>', 'how long the old secret still works, at most 1d', '1h')
    .option('--json', 'print JSON')
    .action(async (key: string, options: RotateOptions) =>
      (await import('../keys/rotate.ts')).rotateKey(key, options),
    )

  withConnection(keys.command('revoke <key>'))
    .description('Ends a key, by name or id, for good')
    .option('-y, --yes', 'without asking')
    .option('--wait', 'until every data plane has confirmed that it refuses the key')
    .option('--json', 'print JSON')
    .action(async (key: string, options: RevokeOptions) =>
      (await import('../keys/revoke.ts')).revokeKey(key, options),
    )
}
