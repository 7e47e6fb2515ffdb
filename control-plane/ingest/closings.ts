import type { EntityManager } from '@mikro-orm/postgresql'
import type { EventBatch } from '../../contract/event-batch.ts'
import { type EventSource, patienceBatches } from './event-sources.ts'

/**
 * Notes which leases their data planes have closed. Each is due once every earlier batch is there: a charge may
 * still be under way in one of those. What a later process says counts more: it sends again whatever is not confirmed,
 * and nothing may ever fill a gap of the one before.
 */
export async function noteClosings(
  em: EntityManager,
  organizationId: string,
  batches: readonly EventBatch[],
): Promise<void> {
  const closings = batches.flatMap(({ dataPlaneId, incarnation, sequence, events }) =>
    events
      .filter((event) => event.type === 'lease.closed')
      .map(({ leaseId }) => ({ lease_id: leaseId, data_plane_id: dataPlaneId, incarnation, sequence })),
  )
  if (closings.length === 0) return
  await em.execute(
    `update budget_leases lease
     set closing_incarnation = closing.incarnation, closing_sequence = closing.sequence
     from (
       select distinct on (lease_id, data_plane_id) * from jsonb_to_recordset(?::jsonb)
         as told (lease_id text, data_plane_id text, incarnation text, sequence bigint)
       order by lease_id, data_plane_id, incarnation collate "C" desc, sequence) as closing
     where lease.org_id = ? and lease.id = closing.lease_id and lease.data_plane_id = closing.data_plane_id
       and lease.closed_at is null
       and (lease.closing_sequence is null or lease.closing_incarnation collate "C" < closing.incarnation)`,
    [JSON.stringify(closings), organizationId],
  )
}

/**
 * The leases whose closing is due now. A later process of the data plane that has sent so much already leaves behind
 * only gaps that nothing will fill: what the one before closed is due then, whatever of it was lost.
 */
export async function listDueClosings(
  em: EntityManager,
  organizationId: string,
  sources: readonly EventSource[],
): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select lease.id from budget_leases lease
     join jsonb_to_recordset(?::jsonb) as source ("dataPlaneId" text, incarnation text, contiguous bigint)
       on lease.data_plane_id = source."dataPlaneId" and (
         (lease.closing_incarnation = source.incarnation and lease.closing_sequence <= source.contiguous)
         or (lease.closing_incarnation collate "C" < source.incarnation and source.contiguous >= ?))
     where lease.org_id = ? and lease.closed_at is null`,
    [JSON.stringify(sources), patienceBatches, organizationId],
  )
  return rows.map(({ id }) => id)
}
