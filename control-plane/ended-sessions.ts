import type { Actor } from './actor.ts'
import { recordAudits } from './modules/audit/index.ts'
import type { ServiceContext } from './service-context.ts'
import type { OwnedSession } from './sessions/session-store.ts'

/** Why a session has ended, as one word for programs. */
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
  /** The provider's issuer, or where it is asked, is another one than the session's. */
  | 'provider_changed'
  | 'user_inactive'
  /** The provider's directory has the person no more, or as somebody who may not sign in. */
  | 'directory_gone'
  | 'directory_inactive'
  | 'user_not_authorized'
  | 'user_unknown'
  /** The identity provider said so (OpenID Connect Back-Channel Logout). */
  | 'idp_logout'
  /** Its person did, in this browser or another of theirs. */
  | 'signed_out'
  /** They, or somebody else, signed in anew in the same browser. */
  | 'signed_in_anew'
  /** It gave way to a newer one, for they had as many as they may. */
  | 'evicted'
  /** The subject that it began as is its user no more. */
  | 'unlinked'
  /** The break-glass password that it began with was taken away, or granted anew. */
  | 'break_glass_revoked'

export type SessionEnd = OwnedSession & { readonly reason: SessionEndReason }

/** Ends whatever began as this subject at a provider, and records it. What somebody else has ended is not recorded again. */
export async function endSessionsOfSubject(
  context: ServiceContext,
  actor: Actor,
  { providerId, subject }: { readonly providerId: string; readonly subject: string },
  reason: SessionEndReason,
): Promise<void> {
  const ended = await context.sessions.endOfProviderSession(actor.organizationId, providerId, { subject })
  const ends = ended.map((session) => ({ ...session, reason }))
  await recordSessionEnds(context, actor, ends)
}

/** Records what was ended, by whoever ended it. */
export async function recordSessionEnds(
  { database, now, log }: ServiceContext,
  actor: Actor,
  ends: readonly SessionEnd[],
): Promise<void> {
  if (ends.length === 0) return
  const { organizationId } = actor
  const entries = ends.map(({ id, userId, providerId, reason }) => {
    log.info({ organizationId, sessionId: id, providerId, reason }, 'session ended')
    return {
      type: 'session.ended',
      subject: { kind: 'session', id },
      details: { userId, providerId, reason },
    }
  })
  await database.transaction(organizationId, (em) => recordAudits(em, actor, entries, new Date(now())))
}
