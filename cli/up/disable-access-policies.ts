import { openDatabase } from '../../control-plane/db/database.ts'
import { disableAccessPolicies } from '../../control-plane/modules/access-policies/index.ts'
import { requireOrganization } from './admin-token.ts'
import { withDatabaseUrl } from './database-url.ts'

export interface LockedOut {
  readonly organization?: string
}

/** Prints the names of the policies that held until now, one a line. */
export async function disableAllAccessPolicies({ organization }: LockedOut): Promise<void> {
  const names = await withDatabaseUrl(process.env.DATABASE_URL || undefined, async (url) => {
    const database = await openDatabase({ url, maxConnections: 1 })
    try {
      return await disableAccessPolicies(database, await requireOrganization(database, organization))
    } finally {
      await database.close()
    }
  })
  for (const name of names) console.log(name)
}
