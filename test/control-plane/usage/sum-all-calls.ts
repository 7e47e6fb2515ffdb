import { expect, vi } from 'vitest'
import type { Database } from '../../../control-plane/db/database.ts'
import { sumCalls, unsummedTable } from '../../../control-plane/modules/usage/unsummed.ts'

/** Until no recorded call waits for its sums: the control plane of the test may be summing some of them too. */
export async function sumAllCalls(database: Database, organizationId: string): Promise<void> {
  await sumCalls(database, organizationId)
  await vi.waitFor(async () => expect(await countUnsummed(database, organizationId)).toBe(0), 30_000)
}

export async function countUnsummed(database: Database, organizationId: string): Promise<number> {
  const [row] = await database.transaction(organizationId, (em) =>
    em.execute<{ calls: string }[]>(`select count(*) as calls from ${unsummedTable}`),
  )
  return Number(row?.calls)
}
