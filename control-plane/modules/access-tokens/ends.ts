import type { EntityManager } from '@mikro-orm/postgresql'
import { systemActor } from '../../actor.ts'
import type { Database } from '../../db/database.ts'
import { changeConfiguration } from '../../publisher/revision.ts'

/** Longer than any token lives, whatever the clocks of those who judge it say. */
const namedForMinutes = 20

/** Remembers that a session has a token, so that its end is worth telling. */
export async function noteToken(em: EntityManager, organizationId: string, sessionId: string): Promise<void> {
  await em.execute(
    `insert into access_token_sessions (org_id, session_id, expires_at)
     values (?, ?, now() + make_interval(mins => ?))
     on conflict (org_id, session_id) do update set expires_at = excluded.expires_at`,
    [organizationId, sessionId, namedForMinutes],
  )
}

/**
 * Has every data plane refuse the tokens of sessions that have ended: their ids go into the head like those of revoked
 * keys. It takes a revision, although no document changes: whoever owns the store cannot bring back a head without them.
 * A session that has no token costs nothing.
 */
export async function endTokensOfSessions(
  database: Database,
  organizationId: string,
  sessionIds: readonly string[],
): Promise<void> {
  await database.transaction(organizationId, async (em) => {
    const named = await em.execute<object[]>(
      `with ended as (
         delete from access_token_sessions where org_id = ?
         and (expires_at <= now() or session_id in (select jsonb_array_elements_text(?::jsonb)))
         returning session_id, expires_at > now() as is_live
       ), forgotten as (
         delete from ended_access where org_id = ? and named_until <= now()
         and id not in (select session_id from ended)
       )
       insert into ended_access (org_id, id, named_until)
       select ?, session_id, now() + make_interval(mins => ?) from ended where is_live
       on conflict (org_id, id) do update set named_until = excluded.named_until returning id`,
      [organizationId, JSON.stringify(sessionIds), organizationId, organizationId, namedForMinutes],
    )
    if (named.length === 0) return
    await changeConfiguration(em, organizationId, { upserts: [] }, systemActor(organizationId))
  })
}
