import type { EntityManager } from '@mikro-orm/postgresql'
import { newId } from '../db/id.ts'
import type { RejectedEntry } from './batches.ts'

const longestReason = 500
const longestBody = 4_096
/** Whoever can write to the stream must not be able to fill the database. */
const mostPerDay = 1_000

/** Keeps the beginning of what was refused, for whoever looks into it. */
export async function recordRejections(
  em: EntityManager,
  organizationId: string,
  rejected: readonly RejectedEntry[],
  now: number,
): Promise<void> {
  if (rejected.length === 0) return
  const dayAgo = new Date(now - 24 * 60 * 60 * 1000)
  const rows = rejected.map(({ entry, reason }) => ({
    id: newId('rej'),
    reason: storable(reason, longestReason),
    body: storable(entry.body, longestBody),
    body_bytes: Buffer.byteLength(entry.body),
  }))
  await em.execute(
    `insert into rejected_batches (org_id, id, reason, body, body_bytes, received_at)
     select ?, id, reason, body, body_bytes, ?::timestamptz
     from jsonb_to_recordset(?::jsonb) as refused (id text, reason text, body text, body_bytes bigint)
     limit greatest(0, ? - (select count(*) from rejected_batches where org_id = ? and received_at > ?))`,
    [organizationId, new Date(now), JSON.stringify(rows), mostPerDay, organizationId, dayAgo],
  )
}

/** PostgreSQL holds neither NUL nor half a surrogate pair. */
function storable(text: string, maximumLength: number): string {
  return text.slice(0, maximumLength).toWellFormed().replaceAll('\0', '\uFFFD')
}
