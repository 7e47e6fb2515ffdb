import { systemActor } from '../actor.ts'
import { recordSessionEnds, type SessionEnd, type SessionEndReason } from '../ended-sessions.ts'
import { gathering } from '../gathering.ts'
import type { ServiceContext } from '../service-context.ts'
import type { Session } from '../sessions/session.ts'

/** Somebody all of whose sessions end. */
export interface EndedAccess {
  readonly userId: string
  readonly reason: SessionEndReason
}

type Provider = Pick<Session, 'organizationId'> & { readonly id: string }

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
