import type { Actor } from '../../actor.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'

/** Why something is in no record. */
export const recordGapKinds = ['events_lost', 'calls_unrecorded', 'journal_damaged'] as const
export type RecordGapKind = (typeof recordGapKinds)[number]

/** Something that is known to be missing from the record of a data plane. */
export interface RecordGap {
  readonly dataPlaneId: string
  readonly kind: RecordGapKind
  readonly noticedAt: Date
  readonly details: {
    readonly from?: string
    readonly until?: string
    readonly served?: number
    readonly refused?: number
    readonly lines?: number
    readonly bytes?: number
    readonly incarnation?: string
    readonly fromSequence?: number
    readonly toSequence?: number
  }
}

/** So many of each data plane are shown; all of them are in the audit trail. */
export const shownGaps = 20

/** The newest gaps of each of these data planes, newest first. */
export function readRecordGaps(
  context: ServiceContext,
  actor: Actor,
  dataPlaneIds: readonly string[],
): Promise<RecordGap[]> {
  return transactionOf(context, actor, async (em) => {
    const rows = await em.execute<(Omit<RecordGap, 'noticedAt'> & { noticedAt: string | Date })[]>(
      `select gap.data_plane_id as "dataPlaneId", gap.kind, gap.noticed_at as "noticedAt", gap.details
       from jsonb_array_elements_text(?::jsonb) as wanted (id)
       cross join lateral (
         select * from record_gaps where org_id = ? and data_plane_id = wanted.id
         order by noticed_at desc, id limit ?
       ) gap
       order by gap.noticed_at desc, gap.id`,
      [JSON.stringify(dataPlaneIds), actor.organizationId, shownGaps],
    )
    return rows.map((row) => ({ ...row, noticedAt: new Date(row.noticedAt) }))
  })
}
