import { setTimeout as delay } from 'node:timers/promises'
import type { Session, SessionSecrets } from './session.ts'
import type { SessionSealing } from './session-sealing.ts'
import type { SessionStore } from './session-store.ts'

/** What the identity provider gave in place of what we had. */
export interface RenewedSecrets extends SessionSecrets {
  /** False leaves the session to be checked anew: what the provider says of its person is not known yet. True unless said. */
  readonly isConfirmed?: boolean
}

/** Asks the identity provider. It must settle within `refreshLeaseMs`: after that another process may ask too. */
export type Refresh = (secrets: SessionSecrets) => Promise<RenewedSecrets | 'refused' | 'unavailable'>

export interface RefreshedSession {
  readonly session: Session
  readonly secrets: SessionSecrets
}

export type RefreshOutcome = RefreshedSession | 'ended' | 'unavailable'

/** So long a process that died in a refresh keeps others from it. */
export const refreshLeaseMs = 30_000
const lookAgainMs = 25

/**
 * Lets the identity provider be asked once, however many want a session's secrets refreshed, here and in other
 * processes: a refresh token is used up by its use, and a provider that sees one twice ends the whole sign-in
 * (RFC 9700, section 4.14.2). Whoever comes second takes what the first was told.
 */
export class SessionRefresher {
  readonly #store: SessionStore
  readonly #sealing: SessionSealing
  readonly #now: () => number
  /** By the session and the version of its secrets. */
  readonly #underWay = new Map<string, Promise<RefreshOutcome>>()

  constructor(store: SessionStore, sealing: SessionSealing, now: () => number) {
    this.#store = store
    this.#sealing = sealing
    this.#now = now
  }

  /** @throws whatever `refresh` throws, to all who wait for it in this process. */
  refresh(session: Session, refresh: Refresh): Promise<RefreshOutcome> {
    const name = `${session.organizationId}/${session.id}/${session.secretsVersion}`
    const underWay = this.#underWay.get(name)
    if (underWay) return underWay
    const begun = this.#refreshOnce(session, refresh).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, begun)
    return begun
  }

  async #refreshOnce(session: Session, refresh: Refresh): Promise<RefreshOutcome> {
    const { organizationId, id, secretsVersion: expectedVersion } = session
    const giveUpAt = performance.now() + refreshLeaseMs
    while (performance.now() < giveUpAt) {
      const now = this.#now()
      const until = now + refreshLeaseMs
      const claim = await this.#store.claimRefresh(organizationId, id, { expectedVersion, now, until })
      if (claim === 'gone') return 'ended'
      if (claim === 'superseded') return this.#current(session)
      if (claim === 'claimed') return this.#ask(session, until, refresh)
      const outcome = await this.#outcomeOfOther(session, giveUpAt)
      if (outcome !== 'abandoned') return outcome
    }
    return 'unavailable'
  }

  async #ask(session: Session, claimedUntil: number, refresh: Refresh): Promise<RefreshOutcome> {
    const { organizationId, id, secretsVersion: expectedVersion } = session
    const release = () => this.#store.releaseRefresh(organizationId, id, claimedUntil)
    let answer: Awaited<ReturnType<Refresh>>
    try {
      const stored = await this.#store.find(organizationId, id)
      if (!stored) return 'ended'
      answer = await refresh(this.#sealing.openSecrets(stored))
    } catch (error) {
      // The first failure tells more; a claim that is not given up runs out.
      await release().catch(() => undefined)
      throw error
    }
    if (answer === 'unavailable') {
      await release()
      return 'unavailable'
    }
    if (answer === 'refused') {
      // Whoever refuses may have ended it already, and recorded why.
      if (await this.#store.find(organizationId, id)) await this.#store.remove(organizationId, id)
      return 'ended'
    }
    const secrets = this.#sealing.sealSecrets(session, answer)
    const checkedAt = answer.isConfirmed === false ? session.checkedAt : this.#now()
    // Not stored: the session was ended meanwhile, or the lease ran out and another process was told something newer.
    await this.#store.storeSecrets(organizationId, id, { secrets, expectedVersion, checkedAt })
    return this.#current(session)
  }

  /** @returns `abandoned` when whoever refreshes has let its lease run out */
  async #outcomeOfOther(
    { organizationId, id, secretsVersion }: Session,
    giveUpAt: number,
  ): Promise<RefreshOutcome | 'abandoned'> {
    while (performance.now() < giveUpAt) {
      const stored = await this.#store.find(organizationId, id)
      if (!stored) return 'ended'
      if (stored.secretsVersion !== secretsVersion) {
        return { session: this.#sealing.open(stored), secrets: this.#sealing.openSecrets(stored) }
      }
      // Given up without a result: the provider is away, and would be for us too.
      if (stored.refreshingUntil === null) return 'unavailable'
      if (stored.refreshingUntil <= this.#now()) return 'abandoned'
      await delay(lookAgainMs)
    }
    return 'unavailable'
  }

  async #current({ organizationId, id }: Session): Promise<RefreshOutcome> {
    const stored = await this.#store.find(organizationId, id)
    if (!stored) return 'ended'
    return { session: this.#sealing.open(stored), secrets: this.#sealing.openSecrets(stored) }
  }
}
