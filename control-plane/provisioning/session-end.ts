import { systemActor } from '../actor.ts'
import { recordAudits } from '../modules/audit/index.ts'
import type { ServiceContext } from '../service-context.ts'
import type { Session } from '../sessions/session.ts'
import { endSessionsBefore } from '../sessions/session-epochs.ts'

/** Why a check or a reconciliation ends a session, as one word for programs. */
export type SessionEndReason =
  /** The identity provider no longer takes the session's refresh token. */
  | 'idp_refused'
  /** It could not be asked for longer than the grace. */
  | 'idp_unreachable'
  /** It was asked, but for longer than the grace what it said could not be made use of. */
  | 'idp_answer_unusable'
  /** What it sent is no ID token of the session's person. */
  | 'id_token_invalid'
  | 'hosted_domain_mismatch'
  | 'provider_deleted'
  | 'provider_disabled'
  /** The provider's issuer is another one than the session's. */
  | 'provider_changed'
  | 'user_inactive'
  /** The provider's directory has the person no more, or as somebody who may not sign in. */
  | 'directory_gone'
  | 'directory_inactive'
  | 'user_not_authorized'
  | 'user_unknown'

/** Somebody all of whose sessions end. */
export interface EndedAccess {
  readonly userId: string
  readonly reason: SessionEndReason
}

type Provider = Pick<Session, 'organizationId'> & { readonly id: string }

/** Ends one session. What somebody else has ended is not recorded again. */
export async function endSession(
  services: ServiceContext,
  session: Session,
  reason: SessionEndReason,
): Promise<void> {
  const { organizationId, providerId } = session
  if (!(await services.sessions.end(session))) return
  await recordEnds(services, { organizationId, id: providerId }, [{ ...session, reason }])
}

/**
 * Ends all sessions of users, at whatever provider they signed in.
 *
 * @param provider which has them ended
 */
export async function endSessionsOfUsers(
  services: ServiceContext,
  provider: Provider,
  ended: readonly EndedAccess[],
): Promise<void> {
  if (ended.length === 0) return
  const { organizationId } = provider
  const reasons = new Map(ended.map(({ userId, reason }) => [userId, reason]))
  const userIds = [...reasons.keys()]
  await services.database.transaction(organizationId, (em) =>
    endSessionsBefore(em, organizationId, userIds, new Date(services.now())),
  )
  const removed = await services.sessions.endOfUsers(organizationId, userIds)
  const ends = removed.flatMap(({ id, userId }) => {
    const reason = reasons.get(userId)
    return reason ? { id, userId, reason } : []
  })
  await recordEnds(services, provider, ends)
}

async function recordEnds(
  { database, now, log }: ServiceContext,
  { organizationId, id: providerId }: Provider,
  ends: readonly (EndedAccess & { readonly id: string })[],
): Promise<void> {
  if (ends.length === 0) return
  const entries = ends.map(({ id, userId, reason }) => {
    log.info({ organizationId, sessionId: id, providerId, reason }, 'session ended')
    return { type: 'session.ended', subject: { kind: 'session', id }, details: { userId, providerId, reason } }
  })
  await database.transaction(organizationId, (em) =>
    recordAudits(em, systemActor(organizationId), entries, new Date(now())),
  )
}
