import type { Command } from 'commander'
import type { NobodyToApprove } from '../up/stop-access-approval.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addStopAccessApprovalCommand(program: Command): void {
  program
    .command('stop-access-approval')
    .description(
      'Has changes of roles and identity providers need no second person, for when there is none any more',
    )
    .option('--organization <id>', 'whose; needed only where there are several')
    .addHelpText('after', environmentHelp('create-admin-token'))
    .addHelpText(
      'after',
      examplesHelp(['DATABASE_URL=… gatehouse stop-access-approval', 'for a control plane of its own']),
    )
    .action(async (options: NobodyToApprove) =>
      (await import('../up/stop-access-approval.ts')).stopApproval(options),
    )
}
