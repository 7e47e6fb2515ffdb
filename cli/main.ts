import { program } from 'commander'
import { CommandFailed } from './client/failures.ts'
import { addApplyCommand } from './commands/apply.ts'
import { addAuditCommand } from './commands/audit.ts'
import { addCompletionCommand } from './commands/completion.ts'
import { addControlPlaneCommand } from './commands/control-plane.ts'
import { addCreateAdminTokenCommand } from './commands/create-admin-token.ts'
import { addDataPlaneCommand } from './commands/data-plane.ts'
import { addDisableAccessPoliciesCommand } from './commands/disable-access-policies.ts'
import { addExportCommand } from './commands/export.ts'
import { addExportBootstrapCommand } from './commands/export-bootstrap.ts'
import { addKeysCommand } from './commands/keys.ts'
import { addMigrateCommand } from './commands/migrate.ts'
import { addRecoverAdminCommand } from './commands/recover-admin.ts'
import { addResetCommand } from './commands/reset.ts'
import { addRestoreCommand } from './commands/restore.ts'
import { addRotateSigningKeyCommand } from './commands/rotate-signing-key.ts'
import { addSimulatorCommand } from './commands/simulator.ts'
import { addStopAccessApprovalCommand } from './commands/stop-access-approval.ts'
import { addUpCommand } from './commands/up.ts'
import { addUsageCommand } from './commands/usage.ts'
import { explain } from './explanation.ts'

// Whoever reads our output may leave (a closed pipe or terminal); what runs has to be stopped in order all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

program
  .name('gatehouse')
  .description('An AI gateway in two planes: GraphQL governs, Fastify serves.')
  .showHelpAfterError('(gatehouse --help lists the commands)')
  .addHelpText(
    'after',
    '\nExamples:\n  gatehouse up                 everything, from an empty folder\n  gatehouse up --help          what it reads from the environment',
  )

addUpCommand(program)
addControlPlaneCommand(program)
addDataPlaneCommand(program)
addExportBootstrapCommand(program)
addMigrateCommand(program)
addCreateAdminTokenCommand(program)
addRecoverAdminCommand(program)
addDisableAccessPoliciesCommand(program)
addStopAccessApprovalCommand(program)
addRestoreCommand(program)
addRotateSigningKeyCommand(program)
addSimulatorCommand(program)
addResetCommand(program)
addApplyCommand(program)
addExportCommand(program)
addKeysCommand(program)
addUsageCommand(program)
addAuditCommand(program)
addCompletionCommand(program)

try {
  await program.parseAsync()
} catch (error) {
  console.error(explain(error) ?? error)
  process.exit(error instanceof CommandFailed ? error.exitCode : 1)
}
