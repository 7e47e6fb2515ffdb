import { openDatabase } from '../../control-plane/db/database.ts'
import { stopAccessApproval } from '../../control-plane/modules/access-changes/index.ts'
import { existingOrganization } from './admin-token.ts'
import { withDatabaseUrl } from './database-url.ts'

export interface NobodyToApprove {
  readonly organization?: string
}

/** Says whether anything was stopped. */
export async function stopApproval({ organization }: NobodyToApprove): Promise<void> {
  const stopped = await withDatabaseUrl(process.env.DATABASE_URL || undefined, async (url) => {
    const database = await openDatabase({ url, maxConnections: 1 })
    try {
      const existing = await existingOrganization(database, organization)
      return existing !== undefined && (await stopAccessApproval(database, existing))
    } finally {
      await database.close()
    }
  })
  console.log(stopped ? 'No second person is needed any more' : 'No second person was needed')
}
