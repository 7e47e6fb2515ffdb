import {
  type DueSessions,
  type OwnedSession,
  type ProviderSessionTags,
  type SessionLimit,
  type SessionStore,
  type StoredSession,
  touchEveryMs,
} from './session-store.ts'

/** The sessions of one process, which end with it. Each step runs without a pause, which makes it atomic. */
export class MemorySessionStore implements SessionStore {
  readonly #organizations = new Map<string, Map<string, StoredSession>>()

  async create(session: StoredSession, { most, whenFull }: SessionLimit, now: number) {
    const sessions = this.#of(session.organizationId)
    if (sessions.has(session.id)) return { evicted: [] }
    const live = this.#liveOf(session.organizationId, session.userId, now)
    if (live.length >= most && whenFull === 'reject') return 'refused'
    const leastUsed = new Set(live.slice(Math.max(0, most - 1)).map(({ id }) => id))
    const evicted = this.#removeWhere(session.organizationId, ({ id }) => leastUsed.has(id))
    this.#put(session)
    return { evicted }
  }

  async find(organizationId: string, id: string) {
    return this.#of(organizationId).get(id) ?? null
  }

  async touch(organizationId: string, id: string, { now, endsAt }: { now: number; endsAt: number }) {
    const session = this.#of(organizationId).get(id)
    if (!session || session.endsAt <= now) return false
    if (now - session.lastSeenAt >= touchEveryMs) this.#put({ ...session, lastSeenAt: now, endsAt })
    return true
  }

  async replace(
    organizationId: string,
    id: string,
    next: StoredSession,
    { expectedVersion, now }: { expectedVersion: number; now: number },
  ) {
    const sessions = this.#of(organizationId)
    if (sessions.get(next.id)?.digest === next.digest) return 'replaced'
    const session = sessions.get(id)
    if (!session || session.endsAt <= now) return 'gone'
    if (session.secretsVersion !== expectedVersion || (session.refreshingUntil ?? now) > now) return 'busy'
    sessions.delete(id)
    this.#put(next)
    return 'replaced'
  }

  async claimRefresh(
    organizationId: string,
    id: string,
    { expectedVersion, now, until }: { expectedVersion: number; now: number; until: number },
  ) {
    const session = this.#of(organizationId).get(id)
    if (!session || session.endsAt <= now) return 'gone'
    if (session.secretsVersion !== expectedVersion) return 'superseded'
    if ((session.refreshingUntil ?? now) > now) return 'taken'
    this.#put({ ...session, refreshingUntil: until })
    return 'claimed'
  }

  async releaseRefresh(organizationId: string, id: string, until: number) {
    const session = this.#of(organizationId).get(id)
    if (session?.refreshingUntil === until) this.#put({ ...session, refreshingUntil: null })
  }

  async storeSecrets(
    organizationId: string,
    id: string,
    renewed: { secrets: string; expectedVersion: number; checkedAt: number },
  ) {
    const { secrets, expectedVersion, checkedAt } = renewed
    const session = this.#of(organizationId).get(id)
    if (!session) return false
    if (session.secretsVersion === expectedVersion + 1 && session.secrets === secrets) return true
    if (session.secretsVersion !== expectedVersion) return false
    this.#put({
      ...{ ...session, secrets, checkedAt },
      ...{ secretsVersion: expectedVersion + 1, refreshingUntil: null },
    })
    return true
  }

  async remove(organizationId: string, id: string) {
    return this.#of(organizationId).delete(id)
  }

  async removeOfUsers(organizationId: string, userIds: readonly string[]) {
    const wanted = new Set(userIds)
    return this.#removeWhere(organizationId, ({ userId }) => wanted.has(userId))
  }

  async findByProviderSession(organizationId: string, providerId: string, tags: ProviderSessionTags) {
    const sessions = [...this.#of(organizationId).values()]
    return sessions.filter((session) => isMeant(session, providerId, tags)).map(({ id }) => id)
  }

  async removeByProviderSession(organizationId: string, providerId: string, tags: ProviderSessionTags) {
    return this.#removeWhere(organizationId, (session) => isMeant(session, providerId, tags))
  }

  async listOfUsers(organizationId: string, userIds: readonly string[], now: number) {
    return userIds.flatMap((userId) => this.#liveOf(organizationId, userId, now))
  }

  async listDue(organizationId: string, { skip = 0, ...due }: DueSessions) {
    return [...this.#of(organizationId).values()]
      .filter(({ endsAt, checkedAt }) => endsAt > due.now && checkedAt < due.checkedBefore)
      .sort((a, b) => a.checkedAt - b.checkedAt || (a.id < b.id ? -1 : 1))
      .slice(skip, skip + due.limit)
  }

  async removeExpired(organizationId: string, now: number, limit: number) {
    let left = limit
    return this.#removeWhere(organizationId, ({ endsAt }) => endsAt <= now && left-- > 0).length
  }

  /** Whoever asks may name any organization: only what is stored takes up room. */
  #of(organizationId: string): Map<string, StoredSession> {
    return this.#organizations.get(organizationId) ?? new Map()
  }

  #put(session: StoredSession): void {
    const sessions = this.#of(session.organizationId)
    this.#organizations.set(session.organizationId, sessions.set(session.id, session))
  }

  /** The most recently used first. */
  #liveOf(organizationId: string, userId: string, now: number): StoredSession[] {
    return [...this.#of(organizationId).values()]
      .filter((session) => session.userId === userId && session.endsAt > now)
      .sort((a, b) => b.lastSeenAt - a.lastSeenAt || (a.id < b.id ? 1 : -1))
  }

  #removeWhere(organizationId: string, fits: (session: StoredSession) => boolean): OwnedSession[] {
    const sessions = this.#of(organizationId)
    const removed = [...sessions.values()].filter(fits)
    for (const { id } of removed) sessions.delete(id)
    return removed.map(({ id, userId, providerId }) => ({ id, userId, providerId }))
  }
}

function isMeant(
  session: StoredSession,
  providerId: string,
  { subjectTag, providerSessionTag }: ProviderSessionTags,
): boolean {
  if (subjectTag === null && providerSessionTag === null) return false
  return (
    session.providerId === providerId &&
    (subjectTag === null || session.subjectTag === subjectTag) &&
    (providerSessionTag === null || session.providerSessionTag === providerSessionTag)
  )
}
