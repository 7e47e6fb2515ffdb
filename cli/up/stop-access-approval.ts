import { openDatabase } from '../../control-plane/db/database.ts'
import { stopAccessApproval } from '../../control-plane/modules/access-changes/index.ts'
import { requireOrganization } from './admin-token.ts'
import { withDatabaseUrl } from './database-url.ts'

export interface NobodyToApprove {
  readonly organization?: string
}

/** Says whether anything was stopped. */
export async function stopApproval({ organization }: NobodyToApprove): Promise<void> {
  const stopped = await withDatabaseUrl(process.env.DATABASE_URL || undefined, async (url) => {
    const database = await openDatabase({ url, maxConnections: 1 })
    try {
      return await stopAccessApproval(database, await requireOrganization(database, organization))
    } finally {
      await database.close()
    }
  })
  console.log(stopped ? 'No second person is needed any more' : 'No second person was needed')
}
