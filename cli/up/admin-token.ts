import { createOrganization, issueAdminToken } from '../../control-plane/bootstrap.ts'
import { type Database, openDatabase } from '../../control-plane/db/database.ts'
import { StartRefused } from '../start-refused.ts'
import { withDatabaseUrl } from './database-url.ts'

export interface TokenOptions {
  readonly name: string
  readonly organization?: string
}

/** Prints a new admin token. */
export async function createAdminToken({ name, organization }: TokenOptions): Promise<void> {
  const token = await withDatabaseUrl(process.env.DATABASE_URL || undefined, async (url) => {
    const database = await openDatabase({ url, maxConnections: 1 })
    try {
      return await issueAdminToken(database, await chooseOrganization(database, organization), name)
    } finally {
      await database.close()
    }
  })
  console.log(token)
}

/** The named one, or the only one; an empty database gets its first. */
export async function chooseOrganization(database: Database, wanted: string | undefined): Promise<string> {
  const existing = await database.organizationIds()
  if (wanted !== undefined) {
    if (existing.includes(wanted)) return wanted
    throw new StartRefused(`There is no organization "${wanted}": there are ${existing.join(', ') || 'none'}`)
  }
  if (existing.length > 1)
    throw new StartRefused(`Say which organization with --organization: ${existing.join(', ')}`)
  return existing[0] ?? (await createOrganization(database, { name: 'My organization' })).organizationId
}
