import { type Actor, systemActor } from '../actor.ts'
import { gathering } from '../gathering.ts'
import { recordAudits } from '../modules/audit/index.ts'
import type { ServiceContext } from '../service-context.ts'
import type { Session } from '../sessions/session.ts'
import type { OwnedSession } from '../sessions/session-store.ts'

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
  /** They signed in anew in the same browser. */
  | 'signed_in_anew'
  /** It gave way to a newer one, for they had as many as they may. */
  | 'evicted'

/** Somebody all of whose sessions end. */
export interface EndedAccess {
  readonly userId: string
  readonly reason: SessionEndReason
}

type Provider = Pick<Session, 'organizationId'> & { readonly id: string }
type SessionEnd = OwnedSession & { readonly reason: SessionEndReason }

/** Ends sessions. What somebody else has ended is not recorded again; what ends at once is recorded together. */
export class SessionEnds {
  readonly #services: ServiceContext
  readonly #record: (organizationId: string, ends: readonly SessionEnd[]) => Promise<void>
  readonly #underWay = new Set<Promise<void>>()

  constructor(services: ServiceContext) {
    this.#services = services
    this.#record = gathering((organizationId, ends) =>
      recordSessionEnds(services, systemActor(organizationId), ends),
    )
  }

  end(session: Session, reason: SessionEndReason): Promise<void> {
    return this.#follow(this.#end(session, reason))
  }

  /**
   * Takes away all sessions of users who were signed out or switched off, at whatever provider they signed in.
   *
   * @param provider which has them ended
   */
  async endOfUsers(provider: Provider, ended: readonly EndedAccess[]): Promise<void> {
    if (ended.length > 0) await this.#follow(this.#endOfUsers(provider, ended))
  }

  /** Resolves when none is being ended. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  #follow(work: Promise<void>): Promise<void> {
    this.#underWay.add(work)
    return work.finally(() => this.#underWay.delete(work))
  }

  async #end(session: Session, reason: SessionEndReason): Promise<void> {
    if (await this.#services.sessions.end(session))
      await this.#record(session.organizationId, [{ ...session, reason }])
  }

  async #endOfUsers(
    { organizationId, id: providerId }: Provider,
    ended: readonly EndedAccess[],
  ): Promise<void> {
    const reasons = new Map(ended.map(({ userId, reason }) => [userId, reason]))
    const removed = await this.#services.sessions.endOfUsers(organizationId, [...reasons.keys()])
    const ends = removed.flatMap(({ id, userId }) => {
      const reason = reasons.get(userId)
      return reason ? { id, userId, providerId, reason } : []
    })
    if (ends.length > 0) await this.#record(organizationId, ends)
  }
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
