import type { EntityManager } from '@mikro-orm/postgresql'
import { type EventBatch, maxUnconfirmedBatches } from '../../contract/event-batch.ts'

/** So many batches behind a gap, what is missing in it is taken for lost. */
export const patienceBatches = 4 * maxUnconfirmedBatches

/** How far one data plane's batches have arrived without a gap. */
export interface EventSource {
  readonly dataPlaneId: string
  readonly incarnation: string
  /** Every batch up to this one has been ingested. */
  readonly contiguous: number
}

/** Batches that are taken for lost. */
export interface LostBatches {
  readonly dataPlaneId: string
  readonly incarnation: string
  readonly from: number
  readonly to: number
}

export interface Advance {
  readonly sources: readonly EventSource[]
  /** What was given up by this. */
  readonly lost: readonly LostBatches[]
}

interface Position {
  readonly contiguous: number
  readonly ahead: readonly number[]
}

/**
 * Notes that these batches have arrived. Several control planes ingest at once, so that a batch can overtake its
 * predecessor; what must happen only after all predecessors waits for `contiguous`.
 */
export async function advanceSources(
  em: EntityManager,
  organizationId: string,
  batches: readonly EventBatch[],
): Promise<Advance> {
  const sources: EventSource[] = []
  const lost: LostBatches[] = []
  const groups = Map.groupBy(batches, ({ dataPlaneId, incarnation }) => `${dataPlaneId} ${incarnation}`)
  // One order for all transactions, so that none waits for another that waits for it.
  for (const [, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [first] = group
    if (!first) continue
    const { dataPlaneId, incarnation } = first
    const key = [organizationId, dataPlaneId, incarnation]
    const known = await lockSource(em, key)
    const sequences = group.map(({ sequence }) => sequence)
    const { contiguous, ahead, gaps } = advance(known, sequences)
    await em.execute(
      `update event_sources set contiguous = ?,
         ahead = array(select jsonb_array_elements_text(?::jsonb)::bigint)
       where org_id = ? and data_plane_id = ? and incarnation = ?`,
      [contiguous, JSON.stringify(ahead), ...key],
    )
    sources.push({ dataPlaneId, incarnation, contiguous })
    lost.push(...gaps.map((gap) => ({ dataPlaneId, incarnation, ...gap })))
  }
  return { sources, lost }
}

/** Adds arrived sequence numbers to what was there, in whatever order they came. */
export function advance(
  { contiguous, ahead }: Position,
  arrived: readonly number[],
): Position & { readonly gaps: readonly { readonly from: number; readonly to: number }[] } {
  const waiting = [...new Set([...ahead, ...arrived])]
    .filter((sequence) => sequence > contiguous)
    .sort((a, b) => a - b)
  let reached = contiguous
  let taken = 0
  const gaps: { from: number; to: number }[] = []
  for (const sequence of waiting) {
    const isLost = sequence !== reached + 1 && waiting.length - taken > patienceBatches
    if (sequence !== reached + 1 && !isLost) break
    if (isLost) gaps.push({ from: reached + 1, to: sequence - 1 })
    reached = sequence
    taken++
  }
  return { contiguous: reached, ahead: waiting.slice(taken), gaps }
}

async function lockSource(em: EntityManager, key: readonly string[]): Promise<Position> {
  await em.execute(
    'insert into event_sources (org_id, data_plane_id, incarnation) values (?, ?, ?) on conflict do nothing',
    [...key],
  )
  const [row] = await em.execute<{ contiguous: string; ahead: number[] }[]>(
    `select contiguous, to_jsonb(ahead) as ahead from event_sources
     where org_id = ? and data_plane_id = ? and incarnation = ? for update`,
    [...key],
  )
  return { contiguous: Number(row?.contiguous ?? 0), ahead: row?.ahead ?? [] }
}
