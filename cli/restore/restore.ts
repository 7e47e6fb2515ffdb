import { basename } from 'node:path'
import { openDatabase } from '../../control-plane/db/database.ts'
import { ensureApplicationRole, migrate } from '../../control-plane/db/migrate.ts'
import { markRestored } from '../../control-plane/restored.ts'
import { StartRefused } from '../start-refused.ts'
import { printLine, printNote } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { withDatabaseUrl } from '../up/database-url.ts'
import { loadBackup, restoringProgram } from './backup.ts'
import { clearTarget, inspectTarget } from './target.ts'

export interface RestoreOptions {
  readonly from?: string
  readonly force: boolean
}

export async function restore({ from, force }: RestoreOptions): Promise<void> {
  const url = process.env.DATABASE_URL || undefined
  if (from !== undefined) await restoreFrom(from, force, url)
  else if (force)
    throw new StartRefused('--force is about what --from restores: give it a backup, or leave it out')
  const lineages = await withDatabaseUrl(url, async (databaseUrl) => {
    const database = await openDatabase({ url: databaseUrl, maxConnections: 1 })
    try {
      return await markRestored(database, from === undefined ? null : basename(from))
    } finally {
      await database.close()
    }
  })
  for (const { organizationId, epoch, revision } of lineages) {
    printLine(`${organizationId} begins epoch ${epoch}, revision ${revision}`)
  }
  if (lineages.length === 0)
    printLine('The database holds no organization: data planes have nothing to follow')
  else printNote(nextSteps)
}

/** What a backup cannot know; see the operations guide. */
const nextSteps = `
Data planes replace what they run as soon as a control plane publishes it, and refuse whatever is older.
Next:
  1. Start the control planes, with the GATEHOUSE_MASTER_KEY of the backup.
  2. Watch dataPlanes { status appliedEpoch nack { reason } } until all are APPLIED.
  3. Repeat what was changed since the backup: above all the revocations of keys, data planes and API tokens.
  4. Enrol anew the data planes that enrolled since the backup.`

async function restoreFrom(
  backup: string,
  force: boolean,
  applicationUrl: string | undefined,
): Promise<void> {
  const ownerUrl = process.env.DATABASE_OWNER_URL
  if (!ownerUrl || !applicationUrl) {
    throw new StartRefused(
      'To restore a backup, DATABASE_OWNER_URL and DATABASE_URL must be set: the roles that own the tables and that the control plane signs in as',
    )
  }
  const { username, password } = new URL(applicationUrl)
  const applicationRole = decodeURIComponent(username)
  const program = await restoringProgram(backup)
  const { hasRole } = await inspectTarget(ownerUrl, { applicationRole, force })
  // A role that is there has its password, and the owner need not be allowed to change it.
  const isNewRole = !hasRole && password !== ''
  const roles = {
    ownerUrl,
    applicationRole,
    ...(isNewRole && { applicationPassword: decodeURIComponent(password) }),
  }
  if (force) await clearTarget(ownerUrl)
  await ensureApplicationRole(roles)
  await loadBackup(program, backup, ownerUrl)
  await withProgress('Bringing the schema up to date', migrate(roles))
}
