import type { Command } from 'commander'
import { StartRefused } from '../start-refused.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

interface MigrateOptions {
  readonly role: string
}

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description(
      "Brings the database's schema up to date and makes the role that the control plane signs in as",
    )
    .option('--role <name>', 'the application role', 'gatehouse_app')
    .addHelpText('after', environmentHelp('migrate'))
    .addHelpText(
      'after',
      examplesHelp([
        'DATABASE_OWNER_URL=postgres://owner:…@db/gatehouse gatehouse migrate',
        'the role gets its password from DATABASE_URL, if that is set',
      ]),
    )
    .action(runMigrate)
}

async function runMigrate({ role }: MigrateOptions): Promise<void> {
  const ownerUrl = process.env.DATABASE_OWNER_URL
  if (!ownerUrl)
    throw new StartRefused('DATABASE_OWNER_URL must be set: PostgreSQL as the role that owns the tables')
  const applicationPassword = passwordOf(process.env.DATABASE_URL, role)
  const { migrate } = await import('../../control-plane/db/migrate.ts')
  await migrate({
    ownerUrl,
    applicationRole: role,
    ...(applicationPassword !== undefined && { applicationPassword }),
  })
  console.log('The schema is up to date')
}

/** The password that the control plane will use, when its URL names this role. */
function passwordOf(applicationUrl: string | undefined, role: string): string | undefined {
  if (!applicationUrl) return undefined
  const { username, password } = new URL(applicationUrl)
  if (decodeURIComponent(username) !== role) {
    throw new StartRefused(
      `DATABASE_URL signs in as "${username}", not as "${role}": give the same name with --role`,
    )
  }
  return decodeURIComponent(password) || undefined
}
