import type { EntityManager } from '@mikro-orm/postgresql'
import type { EventBatch } from '../../contract/event-batch.ts'
import type { CallsUnrecorded, JournalDamaged } from '../../contract/events.ts'
import { newId } from '../db/id.ts'
import { appendAuditEvents } from '../modules/audit/index.ts'
import type { RecordGapKind } from '../modules/data-planes/index.ts'
import type { LostBatches } from './event-sources.ts'

interface Gap {
  readonly dataPlaneId: string
  /** Of the gap, so that it is noticed once however often it is told. */
  readonly id: string
  readonly kind: RecordGapKind
  readonly details: Readonly<Record<string, string | number>>
}

/**
 * Notes what is missing from the record, once, and says so in the audit trail: what data planes report of calls and lines
 * that they could not keep, and batches that never came.
 *
 * @returns how many were not known before.
 */
export async function recordGaps(
  em: EntityManager,
  organizationId: string,
  { batches, lost }: { readonly batches: readonly EventBatch[]; readonly lost: readonly LostBatches[] },
  now: number,
): Promise<number> {
  const gaps = [...batches.flatMap(reportedGaps), ...lost.map(gapOfBatches)]
  if (gaps.length === 0) return 0
  const at = new Date(now)
  const fresh = await em.execute<{ dataPlaneId: string; id: string; name: string }[]>(
    `with fresh as (
       insert into record_gaps (org_id, data_plane_id, id, kind, noticed_at, details)
       select ?, "dataPlaneId", id, kind, ?::timestamptz, details
       from jsonb_to_recordset(?::jsonb) as gap ("dataPlaneId" text, id text, kind text, details jsonb)
       on conflict do nothing returning data_plane_id, id
     )
     select fresh.data_plane_id as "dataPlaneId", fresh.id, data_planes.name from fresh
     join data_planes on data_planes.org_id = ? and data_planes.id = fresh.data_plane_id`,
    [organizationId, at, JSON.stringify(gaps), organizationId],
  )
  const events = fresh.flatMap(({ dataPlaneId, id, name }) => {
    const gap = gaps.find((one) => one.dataPlaneId === dataPlaneId && one.id === id)
    return gap ? [auditEventOf(gap, name, at)] : []
  })
  if (events.length > 0) await appendAuditEvents(em, organizationId, events)
  return events.length
}

function reportedGaps({ dataPlaneId, events }: EventBatch): Gap[] {
  return events.flatMap((event) => {
    if (event.type === 'calls.unrecorded') return { dataPlaneId, ...gapOfCalls(event) }
    return event.type === 'journal.damaged' ? { dataPlaneId, ...gapOfLines(event) } : []
  })
}

function gapOfCalls({ id, from, until, served, refused }: CallsUnrecorded): Omit<Gap, 'dataPlaneId'> {
  const times = { from: new Date(from).toISOString(), until: new Date(until).toISOString() }
  return { id, kind: 'calls_unrecorded', details: { ...times, served, refused } }
}

function gapOfLines({ id, at, lines, bytes }: JournalDamaged): Omit<Gap, 'dataPlaneId'> {
  return { id, kind: 'journal_damaged', details: { from: new Date(at).toISOString(), lines, bytes } }
}

function gapOfBatches({ dataPlaneId, incarnation, from, to }: LostBatches): Gap {
  const details = { incarnation, fromSequence: from, toSequence: to }
  return { dataPlaneId, id: `${incarnation}/${from}`, kind: 'events_lost', details }
}

function auditEventOf({ dataPlaneId, kind, details }: Gap, name: string, at: Date) {
  return {
    id: newId('evt'),
    workspaceId: null,
    at,
    type: `record.${kind}`,
    actorKind: 'data_plane',
    actorId: dataPlaneId,
    actorName: name,
    subjectKind: 'data_plane',
    subjectId: dataPlaneId,
    outcome: 'succeeded',
    details,
  }
}
