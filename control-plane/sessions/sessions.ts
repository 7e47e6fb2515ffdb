import { setTimeout as delay } from 'node:timers/promises'
import { newId } from '../db/id.ts'
import { SealedValueRefused } from '../secrets/envelope.ts'
import { digestOfSecret, makeSecret, matchesDigest } from '../secrets/random-secret.ts'
import type { Authentication } from '../sign-in/mfa-evidence.ts'
import { breakGlassProviderId, presentableUserAgent, type Session, type SessionSecrets } from './session.ts'
import { readSessionCookie, sessionCookie } from './session-cookie.ts'
import { type Refresh, type RefreshOutcome, refreshLeaseMs, SessionRefresher } from './session-refresh.ts'
import type { SessionSealing } from './session-sealing.ts'
import {
  type DueSessions,
  type OwnedSession,
  providerSessionTagOf,
  type SessionStore,
  type StoredSession,
  subjectTagOf,
  touchEveryMs,
} from './session-store.ts'

export interface SessionSettings {
  /** Without use it ends after so long. */
  readonly idleMs: number
  /** However much it is used, it ends after so long. */
  readonly absoluteMs: number
  readonly mostPerUser: number
  readonly whenFull: 'reject' | 'evict'
  /** After so long the identity provider is asked again whether it still stands by a session. */
  readonly checkMs: number
}

export const defaultSessionSettings: SessionSettings = {
  idleMs: 30 * 60_000,
  absoluteMs: 12 * 60 * 60_000,
  mostPerUser: 10,
  whenFull: 'evict',
  checkMs: 15 * 60_000,
}

/** A check that is due takes a while to come about. */
const checkWithinMs = 60_000

/** What is known of somebody who has just signed in. */
export interface SignIn
  extends Pick<
      Session,
      'organizationId' | 'userId' | 'providerId' | 'subject' | 'providerSessionId' | 'userAgent' | 'address'
    >,
    Authentication {
  readonly secrets: SessionSecrets
  /** It lasts no longer than this; as the settings say unless given. */
  readonly mostMs?: number
}

/** What has changed since the session began: the person has proved more, or may do other things. */
export interface Renewal extends Partial<Authentication & Pick<Session, 'providerSessionId'>> {
  /** Without a refresh token the former one stays. */
  readonly secrets?: SessionSecrets
}

export interface BegunSession {
  readonly session: Session
  /** The Set-Cookie header that gives it to the browser. */
  readonly cookie: string
}

export interface StartedSession extends BegunSession {
  /** Those of the person that gave way to it, for they had as many as they may. */
  readonly evicted: readonly OwnedSession[]
}

const lookAgainMs = 25

/**
 * The life of sessions. Each request reads the store anew, so that what is ended is ended at once, in every process. A
 * store that is away throws: nobody is let in for want of an answer.
 */
export class Sessions {
  readonly #store: SessionStore
  readonly #sealing: SessionSealing
  readonly #settings: SessionSettings
  readonly #now: () => number
  readonly #refresher: SessionRefresher

  constructor(store: SessionStore, sealing: SessionSealing, settings: SessionSettings, now: () => number) {
    this.#store = store
    this.#sealing = sealing
    this.#settings = settings
    this.#now = now
    this.#refresher = new SessionRefresher(store, sealing, now)
  }

  /** A new id and a new secret, whatever the browser held before: nobody can plant a session to be signed in to. */
  async begin({ secrets, mostMs, ...person }: SignIn): Promise<StartedSession | 'too_many_sessions'> {
    const now = this.#now()
    const { absoluteMs, mostPerUser: most, whenFull } = this.#settings
    const session: Session = {
      ...person,
      id: newId('sess'),
      userAgent: presentableUserAgent(person.userAgent),
      ...{ createdAt: now, lastSeenAt: now, checkedAt: now, secretsVersion: 1 },
      expiresAt: now + Math.min(absoluteMs, mostMs ?? absoluteMs),
    }
    const { stored, cookie } = this.#issue(session, secrets, now)
    const outcome = await this.#store.create(stored, { most, whenFull }, now)
    return outcome === 'refused' ? 'too_many_sessions' : { session, cookie, ...outcome }
  }

  /**
   * Whose request this is, by its Cookie header; null when it is nobody's. Notes the use.
   *
   * @throws TransportUnavailable, DatabaseUnavailable when the store is away.
   */
  async authenticate(cookieHeader: string | null): Promise<Session | null> {
    const token = readSessionCookie(cookieHeader)
    if (!token) return null
    const stored = await this.#store.find(token.organizationId, token.id)
    if (!stored || !matchesDigest(token.secret, stored.digest)) return null
    const session = this.#openIfPossible(stored)
    const now = this.#now()
    if (!session || this.#endOf(session, session.lastSeenAt) <= now) return null
    if (now - session.lastSeenAt < touchEveryMs) return session
    const use = { now, endsAt: this.#endOf(session, now) }
    const isLive = await this.#store.touch(token.organizationId, token.id, use)
    return isLive ? { ...session, lastSeenAt: now } : null
  }

  /**
   * Gives a session a new id and a new secret, as after a step-up or a change of role: the old cookie is refused from
   * then on. Its absolute end stays.
   *
   * That the person is still the same one is for the caller to see to.
   *
   * @throws Error when its secrets are being refreshed for longer than a refresh may take; SealedValueRefused when the
   * key of its seal is gone.
   */
  async rotate(session: Session, { secrets, ...changes }: Renewal = {}): Promise<BegunSession | 'ended'> {
    const { organizationId, id } = session
    const giveUpAt = performance.now() + refreshLeaseMs
    while (performance.now() < giveUpAt) {
      const now = this.#now()
      const stored = await this.#store.find(organizationId, id)
      if (!stored || stored.endsAt <= now) return 'ended'
      const { secretsVersion: expectedVersion } = stored
      const next: Session = {
        ...{ ...this.#sealing.open(stored), ...changes },
        ...{ id: newId('sess'), lastSeenAt: now, secretsVersion: expectedVersion + 1 },
        ...(secrets && { checkedAt: now }),
      }
      const former = this.#sealing.openSecrets(stored)
      const renewed = secrets && { ...secrets, refreshToken: secrets.refreshToken ?? former.refreshToken }
      const issued = this.#issue(next, renewed ?? former, now)
      const when = { expectedVersion, now }
      const outcome = await this.#store.replace(organizationId, id, issued.stored, when)
      if (outcome === 'gone') return 'ended'
      if (outcome === 'replaced') return { session: next, cookie: issued.cookie }
      // The refresh that is under way uses up the refresh token that would go into the new session.
      await delay(lookAgainMs)
    }
    throw new Error(`session ${id} is being refreshed for longer than a refresh may take`)
  }

  /** @returns whether it was still there */
  end({ organizationId, id }: Pick<Session, 'organizationId' | 'id'>): Promise<boolean> {
    return this.#store.remove(organizationId, id)
  }

  /** @returns those that were there */
  endOfUsers(organizationId: string, userIds: readonly string[]): Promise<readonly OwnedSession[]> {
    return this.#store.removeOfUsers(organizationId, userIds)
  }

  /**
   * Ends what an identity provider says is over (OpenID Connect Back-Channel Logout 1.0); where it names both its
   * session and the subject, both must fit. Never a session of another provider.
   *
   * @returns those that were there
   */
  endOfProviderSession(
    organizationId: string,
    providerId: string,
    named: { readonly subject?: string; readonly providerSessionId?: string },
  ): Promise<readonly OwnedSession[]> {
    const { subject, providerSessionId } = named
    return this.#store.removeByProviderSession(organizationId, providerId, {
      subjectTag: subject === undefined ? null : subjectTagOf(organizationId, providerId, subject),
      providerSessionTag:
        providerSessionId === undefined
          ? null
          : providerSessionTagOf(organizationId, providerId, providerSessionId),
    })
  }

  /** Null for one that has ended. */
  async find(organizationId: string, id: string): Promise<Session | null> {
    const stored = await this.#store.find(organizationId, id)
    return stored && stored.endsAt > this.#now() ? this.#openIfPossible(stored) : null
  }

  /** Since when its identity provider has not confirmed what it was to confirm; null: nothing is overdue. */
  unverifiedSince({ providerId, checkedAt }: Session): number | null {
    const dueAt = checkedAt + this.#settings.checkMs
    const isOverdue = providerId !== breakGlassProviderId && dueAt + checkWithinMs < this.#now()
    return isOverdue ? dueAt : null
  }

  /** The most recently used first. */
  async listOfUser(organizationId: string, userId: string): Promise<readonly Session[]> {
    return this.#openAll(await this.#store.listOfUsers(organizationId, [userId], this.#now()))
  }

  /**
   * Those that the identity provider has not confirmed since, the longest ago first.
   *
   * @returns also how many were looked at: those whose key is gone are no sessions
   */
  async listDue(
    organizationId: string,
    page: Omit<DueSessions, 'now'>,
  ): Promise<{ readonly sessions: readonly Session[]; readonly listed: number }> {
    const stored = await this.#store.listDue(organizationId, { ...page, now: this.#now() })
    return { sessions: this.#openAll(stored), listed: stored.length }
  }

  /** Forgets a batch of what has ended by itself. @returns whether there may be more */
  async removeExpired(organizationId: string, limit = 500): Promise<boolean> {
    return (await this.#store.removeExpired(organizationId, this.#now(), limit)) >= limit
  }

  /** Null when the session has ended. @throws SealedValueRefused when the key of its seal is gone. */
  async secretsOf({ organizationId, id }: Session): Promise<SessionSecrets | null> {
    const stored = await this.#store.find(organizationId, id)
    return stored && stored.endsAt > this.#now() ? this.#sealing.openSecrets(stored) : null
  }

  /**
   * Has the secrets refreshed that `session` was read with, once for all who ask. A refusal ends the session.
   *
   * @throws whatever `refresh` throws.
   */
  withRefresh(session: Session, refresh: Refresh): Promise<RefreshOutcome> {
    return this.#refresher.refresh(session, refresh)
  }

  #issue(session: Session, secrets: SessionSecrets, now: number) {
    const secret = makeSecret()
    const endsAt = this.#endOf(session, now)
    const stored = this.#sealing.seal(session, { digest: digestOfSecret(secret), endsAt, secrets })
    return { stored, cookie: sessionCookie({ ...session, secret }, session.expiresAt - now) }
  }

  /** When it ends unless it is used after `usedAt`. */
  #endOf({ expiresAt }: Session, usedAt: number): number {
    return Math.min(usedAt + this.#settings.idleMs, expiresAt)
  }

  #openAll(stored: readonly StoredSession[]): Session[] {
    return stored.map((one) => this.#openIfPossible(one)).filter((session) => session !== null)
  }

  /** A session whose key is gone, or that somebody altered, is no session; it stays, for other processes may know the key. */
  #openIfPossible(stored: StoredSession): Session | null {
    try {
      return this.#sealing.open(stored)
    } catch (error) {
      if (error instanceof SealedValueRefused) return null
      throw error
    }
  }
}
