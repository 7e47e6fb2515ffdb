import { type FilterQuery, LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Database } from '../db/database.ts'
import { SessionEntity, type SessionRow } from './entity.ts'
import {
  type DueSessions,
  type OwnedSession,
  type ProviderSessionTags,
  type SessionLimit,
  type SessionStore,
  type StoredSession,
  touchEveryMs,
} from './session-store.ts'

/** Sessions in PostgreSQL, behind its row-level security. As in the other stores, one may outlast its user. */
export class DatabaseSessionStore implements SessionStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  create(session: StoredSession, limit: SessionLimit, now: number) {
    return this.#database.transaction(session.organizationId, async (em) => {
      // Of two sign-ins at once the later one counts when the earlier one is stored.
      await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
        `gatehouse/sessions/${session.organizationId}/${session.userId}`,
      ])
      if ((await em.count(SessionEntity, { id: session.id, digest: session.digest })) > 0)
        return { evicted: [] }
      const evicted = await makeRoom(em, session.userId, limit, now)
      if (evicted === null) return 'refused'
      await em.insert(SessionEntity, rowOf(session))
      return { evicted }
    })
  }

  find(organizationId: string, id: string) {
    return this.#database.transaction(organizationId, async (em) => {
      const row = await em.findOne(SessionEntity, { id })
      return row && sessionOf(row)
    })
  }

  touch(organizationId: string, id: string, { now, endsAt }: { now: number; endsAt: number }) {
    return this.#database.transaction(organizationId, async (em) => {
      const live = { id, endsAt: { $gt: new Date(now) } }
      const notNoted = { lastSeenAt: { $lte: new Date(now - touchEveryMs) } }
      const noted = await em.nativeUpdate(
        SessionEntity,
        { ...live, ...notNoted },
        { lastSeenAt: new Date(now), endsAt: new Date(endsAt) },
      )
      return noted > 0 || (await em.count(SessionEntity, live)) > 0
    })
  }

  replace(
    organizationId: string,
    id: string,
    next: StoredSession,
    { expectedVersion, now }: { expectedVersion: number; now: number },
  ) {
    return this.#database.transaction(organizationId, async (em) => {
      if ((await em.count(SessionEntity, { id: next.id, digest: next.digest })) > 0) return 'replaced'
      const live = { id, endsAt: { $gt: new Date(now) } }
      const replaced = await em.nativeUpdate(
        SessionEntity,
        { ...live, secretsVersion: expectedVersion, ...notRefreshing(now) },
        rowOf(next),
      )
      if (replaced > 0) return 'replaced'
      return (await em.count(SessionEntity, live)) > 0 ? 'busy' : 'gone'
    })
  }

  claimRefresh(
    organizationId: string,
    id: string,
    { expectedVersion, now, until }: { expectedVersion: number; now: number; until: number },
  ) {
    return this.#database.transaction(organizationId, async (em) => {
      const live = { id, endsAt: { $gt: new Date(now) } }
      const claimed = await em.nativeUpdate(
        SessionEntity,
        { ...live, secretsVersion: expectedVersion, ...notRefreshing(now) },
        { refreshingUntil: new Date(until) },
      )
      if (claimed > 0) return 'claimed'
      const row = await em.findOne(SessionEntity, live)
      if (!row) return 'gone'
      return row.secretsVersion === expectedVersion ? 'taken' : 'superseded'
    })
  }

  async releaseRefresh(organizationId: string, id: string, until: number) {
    await this.#database.transaction(organizationId, (em) =>
      em.nativeUpdate(SessionEntity, { id, refreshingUntil: new Date(until) }, { refreshingUntil: null }),
    )
  }

  storeSecrets(
    organizationId: string,
    id: string,
    renewed: { secrets: string; expectedVersion: number; checkedAt: number },
  ) {
    const { secrets, expectedVersion, checkedAt } = renewed
    const secretsVersion = expectedVersion + 1
    return this.#database.transaction(organizationId, async (em) => {
      const stored = await em.nativeUpdate(
        SessionEntity,
        { id, secretsVersion: expectedVersion },
        { secrets, secretsVersion, refreshingUntil: null, checkedAt: new Date(checkedAt) },
      )
      return stored > 0 || (await em.count(SessionEntity, { id, secretsVersion, secrets })) > 0
    })
  }

  async remove(organizationId: string, id: string) {
    return (await this.#removeWhere(organizationId, { id })).length > 0
  }

  removeOfUsers(organizationId: string, userIds: readonly string[]) {
    return this.#removeWhere(organizationId, { userId: { $in: [...userIds] } })
  }

  async findByProviderSession(organizationId: string, providerId: string, tags: ProviderSessionTags) {
    const meant = whatIsMeant(providerId, tags)
    if (meant === null) return []
    const found = await this.#database.transaction(organizationId, (em) =>
      em.find(SessionEntity, meant, { fields: ['id'], orderBy: { id: 'asc' } }),
    )
    return found.map(({ id }) => id)
  }

  async removeByProviderSession(organizationId: string, providerId: string, tags: ProviderSessionTags) {
    const meant = whatIsMeant(providerId, tags)
    if (meant === null) return []
    return this.#removeWhere(organizationId, meant)
  }

  listOfUsers(organizationId: string, userIds: readonly string[], now: number) {
    return this.#database.transaction(organizationId, async (em) => {
      const rows = await em.find(
        SessionEntity,
        { userId: { $in: [...userIds] }, endsAt: { $gt: new Date(now) } },
        { orderBy: { lastSeenAt: 'desc', id: 'desc' } },
      )
      return rows.map(sessionOf)
    })
  }

  listDue(organizationId: string, due: DueSessions) {
    return this.#database.transaction(organizationId, async (em) => {
      const rows = await em.find(
        SessionEntity,
        { checkedAt: { $lt: new Date(due.checkedBefore) }, endsAt: { $gt: new Date(due.now) } },
        { orderBy: { checkedAt: 'asc', id: 'asc' }, limit: due.limit, offset: due.skip ?? 0 },
      )
      return rows.map(sessionOf)
    })
  }

  removeExpired(organizationId: string, now: number, limit: number) {
    return this.#database.transaction(organizationId, async (em) => {
      const ended = { endsAt: { $lte: new Date(now) } }
      const rows = await em.find(SessionEntity, ended, { orderBy: { endsAt: 'asc' }, limit, fields: ['id'] })
      // Asked again: it may have been used meanwhile.
      return em.nativeDelete(SessionEntity, { id: { $in: rows.map(({ id }) => id) }, ...ended })
    })
  }

  #removeWhere(organizationId: string, where: FilterQuery<SessionRow>): Promise<readonly OwnedSession[]> {
    return this.#database.transaction(organizationId, (em) => removeWhere(em, where))
  }
}

/** @returns those that it removed: of two at once, one has each */
async function removeWhere(
  em: EntityManager,
  where: FilterQuery<SessionRow>,
): Promise<readonly OwnedSession[]> {
  // Always in one order, for two that lock several would wait for each other.
  const rows = await em.find(SessionEntity, where, {
    ...{ fields: ownedFields, orderBy: { id: 'asc' } },
    lockMode: LockMode.PESSIMISTIC_WRITE,
  })
  const removed = rows.map(ownedOf)
  if (removed.length > 0) await em.nativeDelete(SessionEntity, { id: { $in: removed.map(({ id }) => id) } })
  return removed
}

/** Null: nothing. */
function whatIsMeant(
  providerId: string,
  { subjectTag, providerSessionTag }: ProviderSessionTags,
): FilterQuery<SessionRow> | null {
  if (subjectTag === null && providerSessionTag === null) return null
  return {
    providerId,
    ...(subjectTag !== null && { subjectTag }),
    ...(providerSessionTag !== null && { providerSessionTag }),
  }
}

/** @returns those that gave way to one more session of this user; null when there is no room for it */
async function makeRoom(
  em: EntityManager,
  userId: string,
  { most, whenFull }: SessionLimit,
  now: number,
): Promise<readonly OwnedSession[] | null> {
  const live = await em.find(
    SessionEntity,
    { userId, endsAt: { $gt: new Date(now) } },
    { orderBy: { lastSeenAt: 'desc', id: 'desc' }, fields: ['id'] },
  )
  if (live.length < most) return []
  if (whenFull === 'reject') return null
  const leastUsed = live.slice(most - 1).map(({ id }) => id)
  return removeWhere(em, { id: { $in: leastUsed } })
}

const ownedFields = ['id', 'userId', 'providerId'] as const
const ownedOf = ({ id, userId, providerId }: OwnedSession): OwnedSession => ({ id, userId, providerId })

const notRefreshing = (now: number): FilterQuery<SessionRow> & object => ({
  $or: [{ refreshingUntil: null }, { refreshingUntil: { $lte: new Date(now) } }],
})

function rowOf(session: StoredSession): SessionRow {
  const { refreshingUntil, lastSeenAt, endsAt, expiresAt, checkedAt, ...rest } = session
  return {
    ...rest,
    refreshingUntil: refreshingUntil === null ? null : new Date(refreshingUntil),
    lastSeenAt: new Date(lastSeenAt),
    endsAt: new Date(endsAt),
    expiresAt: new Date(expiresAt),
    checkedAt: new Date(checkedAt),
  }
}

function sessionOf(row: SessionRow): StoredSession {
  const { organizationId, id, userId, providerId, subjectTag, providerSessionTag } = row
  const { digest, details, secrets, secretsVersion } = row
  return {
    ...{ organizationId, id, userId, providerId, subjectTag, providerSessionTag },
    ...{ digest, details, secrets, secretsVersion },
    refreshingUntil: row.refreshingUntil?.getTime() ?? null,
    lastSeenAt: row.lastSeenAt.getTime(),
    endsAt: row.endsAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    checkedAt: row.checkedAt.getTime(),
  }
}
