import type { Database } from '../db/database.ts'

const rememberedMs = 7 * 24 * 60 * 60 * 1000

/**
 * Deletes old requests whose leases are all closed. One with an open lease stays, however old: its data plane may
 * still ask again, and must then be given that lease and no other.
 *
 * @param now Milliseconds since the epoch.
 */
export async function forgetRequests(database: Database, organizationId: string, now: number): Promise<void> {
  await database.transaction(organizationId, (em) =>
    em.execute(
      `delete from lease_requests request where org_id = ? and created_at < ? and not exists (
         select from jsonb_array_elements(request.grants) as answer
         join budget_leases lease on lease.org_id = request.org_id and lease.id = answer->>'leaseId'
         where lease.closed_at is null)`,
      [organizationId, new Date(now - rememberedMs)],
    ),
  )
}
