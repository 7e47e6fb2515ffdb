import { systemActor } from '../actor.ts'
import { recordAudit } from '../modules/audit/index.ts'
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

/** Ends one session. What somebody else has ended is not recorded again. */
export async function endSession(
  services: ServiceContext,
  session: Session,
  reason: SessionEndReason,
): Promise<void> {
  if (await services.sessions.end(session)) await recordEnds(services, session, [session.id], reason)
}

/** Ends all sessions of a session's user, at whatever provider they signed in. */
export async function endSessionsOfUser(
  services: ServiceContext,
  session: Pick<Session, 'organizationId' | 'userId' | 'providerId'>,
  reason: SessionEndReason,
): Promise<void> {
  const { organizationId, userId } = session
  await services.database.transaction(organizationId, (em) =>
    endSessionsBefore(em, { organizationId, userId }, new Date(services.now())),
  )
  const ended = await services.sessions.endOfUser(organizationId, userId)
  await recordEnds(services, session, ended, reason)
}

async function recordEnds(
  { database, now, log }: ServiceContext,
  { organizationId, userId, providerId }: Pick<Session, 'organizationId' | 'userId' | 'providerId'>,
  ids: readonly string[],
  reason: SessionEndReason,
): Promise<void> {
  if (ids.length === 0) return
  log.info({ organizationId, sessionIds: ids, providerId, reason }, 'sessions ended')
  await database.transaction(organizationId, async (em) => {
    for (const id of ids) {
      const subject = { kind: 'session', id }
      const entry = { type: 'session.ended', subject, details: { userId, providerId, reason } }
      await recordAudit(em, systemActor(organizationId), entry, new Date(now()))
    }
  })
}
