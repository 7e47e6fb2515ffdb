import type { Command } from 'commander'
import type { LockedOut } from '../up/disable-access-policies.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addDisableAccessPoliciesCommand(program: Command): void {
  program
    .command('disable-access-policies')
    .description('Disables all access policies of an organization, for when nobody can change them any more')
    .option('--organization <id>', 'whose; needed only where there are several')
    .addHelpText('after', environmentHelp('create-admin-token'))
    .addHelpText(
      'after',
      examplesHelp(['DATABASE_URL=… gatehouse disable-access-policies', 'for a control plane of its own']),
    )
    .action(async (options: LockedOut) =>
      (await import('../up/disable-access-policies.ts')).disableAllAccessPolicies(options),
    )
}
