import { createOrganization, issueAdminToken, issueRecoveryToken } from '../../control-plane/bootstrap.ts'
import { type Database, openDatabase } from '../../control-plane/db/database.ts'
import { StartRefused } from '../start-refused.ts'
import { withDatabaseUrl } from './database-url.ts'

export interface TokenOptions {
  readonly name: string
  readonly organization?: string
}

export interface RecoveryOptions {
  readonly reason: string
  readonly minutes: string
  readonly organization?: string
}

/** Prints a new admin token. */
export async function createAdminToken({ name, organization }: TokenOptions): Promise<void> {
  await printToken(async (database) =>
    issueAdminToken(database, await chooseOrganization(database, organization), name),
  )
}

const mostMinutes = 1_440

/** Prints an admin token that soon ends, and leaves word of it in the audit log. */
export async function recoverAdmin({ reason, minutes, organization }: RecoveryOptions): Promise<void> {
  const count = Number(minutes)
  if (!Number.isInteger(count) || count < 1 || count > mostMinutes) {
    throw new StartRefused(`--minutes must be a whole number, 1 to ${mostMinutes}`)
  }
  await printToken(async (database) =>
    issueRecoveryToken(database, await requireOrganization(database, organization), {
      reason,
      minutes: count,
    }),
  )
}

async function printToken(issue: (database: Database) => Promise<string>): Promise<void> {
  const token = await withDatabaseUrl(process.env.DATABASE_URL || undefined, async (url) => {
    const database = await openDatabase({ url, maxConnections: 1 })
    try {
      return await issue(database)
    } finally {
      await database.close()
    }
  })
  console.log(token)
}

/** The named one, or the only one; an empty database gets its first. */
async function chooseOrganization(database: Database, wanted: string | undefined): Promise<string> {
  const existing = await existingOrganization(database, wanted)
  return existing ?? (await createOrganization(database, { name: 'My organization' })).organizationId
}

/** As {@link existingOrganization}, for what is about one that is there. */
export async function requireOrganization(database: Database, wanted: string | undefined): Promise<string> {
  const existing = await existingOrganization(database, wanted)
  if (existing !== undefined) return existing
  throw new StartRefused(
    'There is no organization in this database: DATABASE_URL says which one control planes use, and in a new one "gatehouse create-admin-token" makes an organization',
  )
}

/** @returns undefined when there is none at all */
async function existingOrganization(
  database: Database,
  wanted: string | undefined,
): Promise<string | undefined> {
  const existing = await database.organizationIds()
  if (wanted !== undefined) {
    if (existing.includes(wanted)) return wanted
    throw new StartRefused(`There is no organization "${wanted}": there are ${existing.join(', ') || 'none'}`)
  }
  if (existing.length > 1)
    throw new StartRefused(`Say which organization with --organization: ${existing.join(', ')}`)
  return existing[0]
}
