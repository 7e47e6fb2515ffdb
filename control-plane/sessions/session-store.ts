import { createHash } from 'node:crypto'

/** A session as a store keeps it: ids, times, digests and ciphertext. */
export interface StoredSession {
  readonly organizationId: string
  readonly id: string
  readonly userId: string
  readonly providerId: string
  /** Digest of the identity provider's name for the person, see `subjectTagOf`. */
  readonly subjectTag: string
  /** Digest of the identity provider's name for its session. */
  readonly providerSessionTag: string | null
  /** SHA-256 of the secret in the cookie, hex. */
  readonly digest: string
  /** Sealed: everything else that is known of the session, and what must not be altered of the above. */
  readonly details: string
  /** Sealed: the identity provider's tokens. */
  readonly secrets: string
  readonly secretsVersion: number
  /** While somebody refreshes the secrets: until when that may take. */
  readonly refreshingUntil: number | null
  readonly lastSeenAt: number
  /** When it ends unless it is used: the idle limit or the absolute one, whichever is sooner. */
  readonly endsAt: number
  readonly expiresAt: number
  readonly checkedAt: number
}

/** A session, whose it is, and where they signed in. */
export type OwnedSession = Pick<StoredSession, 'id' | 'userId' | 'providerId'>

export interface SessionLimit {
  /** How many sessions one user may have at once; at least 1. */
  readonly most: number
  /** Whether one more is refused, or ends those that were used least recently. */
  readonly whenFull: 'reject' | 'evict'
}

/** Which sessions an identity provider means; where both are given, both must fit. */
export interface ProviderSessionTags {
  readonly subjectTag: string | null
  readonly providerSessionTag: string | null
}

/** One page of the sessions that have to be checked. */
export interface DueSessions {
  readonly checkedBefore: number
  readonly now: number
  readonly limit: number
  /** How many of the longest ago to leave out. */
  readonly skip?: number
}

/**
 * Where sessions are kept. Every step is atomic, also between processes, sees one organization only, and may safely
 * happen twice. A session is live while `now < endsAt`; one that is not counts for nothing, but stays until
 * `removeExpired`. `now` is always the caller's, so that all limits go by one clock.
 */
export interface SessionStore {
  /** Two at once never exceed the limit. @returns also those that gave way */
  create(
    session: StoredSession,
    limit: SessionLimit,
    now: number,
  ): Promise<{ readonly evicted: readonly OwnedSession[] } | 'refused'>
  /** Also one that is not live any more: whoever asks judges. */
  find(organizationId: string, id: string): Promise<StoredSession | null>
  /**
   * Notes a use, once a minute at most, and moves the end to `endsAt`. Never revives.
   *
   * @returns whether it is live
   */
  touch(organizationId: string, id: string, use: { now: number; endsAt: number }): Promise<boolean>
  /**
   * Puts `next` in the place of a session: from then on the old id and the old secret are unknown.
   *
   * @returns `busy` when its secrets are of another version than `next` was made from, or are being refreshed
   */
  replace(
    organizationId: string,
    id: string,
    next: StoredSession,
    when: { expectedVersion: number; now: number },
  ): Promise<'replaced' | 'busy' | 'gone'>
  /**
   * Makes the caller the only one to refresh the secrets of this version, until `until`. No two claims of a session have
   * the same `until`, so that it names the claim.
   */
  claimRefresh(
    organizationId: string,
    id: string,
    claim: { expectedVersion: number; now: number; until: number },
  ): Promise<'claimed' | 'taken' | 'superseded' | 'gone'>
  /** Gives up a claim, unless somebody else has taken it over. */
  releaseRefresh(organizationId: string, id: string, until: number): Promise<void>
  /**
   * Stores what a refresh brought and ends its claim, unless the secrets are of another version by now.
   *
   * @returns whether they are stored
   */
  storeSecrets(
    organizationId: string,
    id: string,
    renewed: { secrets: string; expectedVersion: number; checkedAt: number },
  ): Promise<boolean>
  /** @returns whether there was one */
  remove(organizationId: string, id: string): Promise<boolean>
  /** @returns those that were there; of two at once, one has each */
  removeOfUsers(organizationId: string, userIds: readonly string[]): Promise<readonly OwnedSession[]>
  /** @returns the ids of those that `removeByProviderSession` would remove now */
  findByProviderSession(
    organizationId: string,
    providerId: string,
    tags: ProviderSessionTags,
  ): Promise<readonly string[]>
  /** Never those of another provider. @returns those that were there */
  removeByProviderSession(
    organizationId: string,
    providerId: string,
    tags: ProviderSessionTags,
  ): Promise<readonly OwnedSession[]>
  /** The live ones, the most recently used of each first. */
  listOfUsers(
    organizationId: string,
    userIds: readonly string[],
    now: number,
  ): Promise<readonly StoredSession[]>
  /**
   * Live ones that were confirmed before that time, the longest ago first. One that has ended may take up a place of the
   * page until it is removed.
   */
  listDue(organizationId: string, due: DueSessions): Promise<readonly StoredSession[]>
  /** Forgets up to `limit` sessions that are not live. @returns how many */
  removeExpired(organizationId: string, now: number, limit: number): Promise<number>
}

/** Between two notes of a use. */
export const touchEveryMs = 60_000

/**
 * Stands for the subject in a store. It may be an e-mail address, which should be readable nowhere; whoever can guess it
 * can still confirm the guess.
 */
export function subjectTagOf(organizationId: string, providerId: string, subject: string): string {
  return tagOf(organizationId, providerId, 'subject', subject)
}

/** Stands for the identity provider's own session in a store. */
export function providerSessionTagOf(organizationId: string, providerId: string, id: string): string {
  return tagOf(organizationId, providerId, 'session', id)
}

/** JSON keeps the parts apart: no id can borrow characters from its neighbour. */
function tagOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
