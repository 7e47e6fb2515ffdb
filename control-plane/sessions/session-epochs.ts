import type { EntityManager } from '@mikro-orm/postgresql'
import type { Session } from './session.ts'

/*
 * Since when sessions count, of a user or of a whole organization, kept in PostgreSQL whatever keeps the sessions: a store
 * that comes back from a backup brings none of them back that was ended.
 */

/** The user for whom a row stands that is about everybody. */
export const everybody = ''

/** No session of these users, or of {@link everybody}, counts any more that began before this time. */
export async function endSessionsBefore(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
  at: Date,
): Promise<void> {
  await em.execute(
    `insert into session_epochs (org_id, user_id, not_before)
     select distinct ?, user_id, ?::timestamptz from jsonb_array_elements_text(?::jsonb) user_id
     on conflict (org_id, user_id) do update set not_before = greatest(session_epochs.not_before, excluded.not_before)`,
    [organizationId, at, JSON.stringify(userIds)],
  )
}

/** Since when sessions of these users count, in milliseconds; none for a user all of whose sessions count. */
export async function readSessionEpochs(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const epochs = await readOwnEpochs(em, organizationId, [everybody, ...userIds])
  const ofAll = epochs.get(everybody) ?? 0
  return new Map(userIds.map((id) => [id, Math.max(ofAll, epochs.get(id) ?? 0)]))
}

/** Since when sessions of the organization count, in milliseconds; undefined when {@link everybody} was never signed out. */
export async function readEpochOfAll(em: EntityManager, organizationId: string): Promise<number | undefined> {
  const epochs = await readOwnEpochs(em, organizationId, [everybody])
  return epochs.get(everybody)
}

/** As {@link readSessionEpochs}, of {@link everybody} only where they are asked for; nothing for those who have none. */
export async function readOwnEpochs(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await em.execute<{ userId: string; notBefore: string | Date }[]>(
    `select user_id as "userId", not_before as "notBefore" from session_epochs
     where org_id = ? and user_id in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify(userIds)],
  )
  return new Map(rows.map(({ userId, notBefore }) => [userId, new Date(notBefore).getTime()]))
}

/** Whether a session was ended, whatever its store says. */
export function hasEnded({ createdAt }: Pick<Session, 'createdAt'>, notBefore: number | undefined): boolean {
  return notBefore !== undefined && createdAt < notBefore
}
