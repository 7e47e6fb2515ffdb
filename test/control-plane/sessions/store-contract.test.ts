import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../../control-plane/db/id.ts'
import { digestOfSecret, makeSecret } from '../../../control-plane/secrets/random-secret.ts'
import {
  providerSessionTagOf,
  type SessionLimit,
  type SessionStore,
  type StoredSession,
  subjectTagOf,
} from '../../../control-plane/sessions/session-store.ts'
import { type OpenedStore, storeKinds, type TestTenant } from './stores.ts'

const start = Date.parse('2026-03-01T12:00:00.123Z')
const minute = 60_000
const roomy: SessionLimit = { most: 100, whenFull: 'reject' }
const providerId = 'idp_1'
/** What came of a session that no other gave way to. */
const created = { evicted: [] }
const bySubject = (subjectTag: string) => ({ subjectTag, providerSessionTag: null })

describe.each(storeKinds)('the $name store of sessions', ({ open }) => {
  let opened: OpenedStore
  let store: SessionStore
  /** What another process sees of the same sessions. */
  let other: SessionStore
  let tenant: TestTenant

  beforeAll(async () => {
    opened = await open()
    store = await opened.connect()
    other = await opened.connect()
  })
  afterAll(() => opened.close())
  beforeEach(async () => {
    tenant = await opened.createTenant()
  })

  function make(changes: Partial<StoredSession> = {}): StoredSession {
    const { organizationId, userId } = tenant
    return {
      ...{ organizationId, userId, providerId, id: newId('sess') },
      subjectTag: subjectTagOf(organizationId, providerId, 'ada'),
      providerSessionTag: providerSessionTagOf(organizationId, providerId, 'sid-1'),
      digest: digestOfSecret(makeSecret()),
      ...{ details: 'sealed details', secrets: 'sealed secrets', secretsVersion: 1, refreshingUntil: null },
      ...{
        lastSeenAt: start,
        endsAt: start + 30 * minute,
        expiresAt: start + 720 * minute,
        checkedAt: start,
      },
      ...changes,
    }
  }

  async function add(changes: Partial<StoredSession> = {}): Promise<StoredSession> {
    const session = make(changes)
    expect(await store.create(session, roomy, start)).toEqual(created)
    return session
  }

  const find = ({ organizationId, id }: StoredSession) => other.find(organizationId, id)
  const idsOfUser = async (userId: string, now = start) =>
    (await other.listOfUsers(tenant.organizationId, [userId], now)).map(({ id }) => id)

  it('gives back in every process what was stored in one, to the millisecond', async () => {
    const plain = await add()
    const bare = await add({ providerSessionTag: null })
    expect(await find(plain)).toEqual(plain)
    expect(await find(bare)).toEqual(bare)
  })

  it('does not know a session that was never there', async () => {
    expect(await find(make())).toBeNull()
    expect(await store.remove(tenant.organizationId, newId('sess'))).toBe(false)
    expect(await store.touch(tenant.organizationId, newId('sess'), { now: start, endsAt: start })).toBe(false)
  })

  it('finds, changes and ends nothing of another organization', async () => {
    const session = await add()
    const { organizationId: foreign } = await opened.createTenant()
    const { id } = session
    const later = start + 2 * minute
    const tag = bySubject(session.subjectTag)
    expect(await store.find(foreign, id)).toBeNull()
    expect(await store.touch(foreign, id, { now: later, endsAt: later + 1 })).toBe(false)
    expect(await store.replace(foreign, id, make(), { expectedVersion: 1, now: start })).toBe('gone')
    const claim = { expectedVersion: 1, now: start, until: later }
    expect(await store.claimRefresh(foreign, id, claim)).toBe('gone')
    const renewed = { secrets: 'planted', expectedVersion: 1, checkedAt: start }
    expect(await store.storeSecrets(foreign, id, renewed)).toBe(false)
    expect(await store.remove(foreign, id)).toBe(false)
    expect(await store.removeOfUsers(foreign, [session.userId])).toEqual([])
    expect(await store.findByProviderSession(foreign, providerId, tag)).toEqual([])
    expect(await store.removeByProviderSession(foreign, providerId, tag)).toEqual([])
    expect(await store.listOfUsers(foreign, [session.userId], start)).toEqual([])
    expect(await store.listDue(foreign, { checkedBefore: later, now: start, limit: 10 })).toEqual([])
    expect(await store.removeExpired(foreign, session.endsAt, 10)).toBe(0)
    expect(await find(session)).toEqual(session)
  })

  it('may be told twice of each step, as after an answer that was lost', async () => {
    const session = await add()
    expect(await store.create(session, { most: 1, whenFull: 'reject' }, start)).toEqual(created)
    const renewed = { secrets: 'renewed', expectedVersion: 1, checkedAt: start }
    for (const view of [store, other])
      expect(await view.storeSecrets(tenant.organizationId, session.id, renewed)).toBe(true)
    const next = make({ secretsVersion: 3 })
    const when = { expectedVersion: 2, now: start }
    for (const view of [store, other])
      expect(await view.replace(tenant.organizationId, session.id, next, when)).toBe('replaced')
    expect(await idsOfUser(tenant.userId)).toEqual([next.id])
  })

  describe('the limit', () => {
    it('is never exceeded by 20 sign-ins at once, which are refused', async () => {
      const limit = { most: 3, whenFull: 'reject' } as const
      const views = [store, other]
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => views[index % 2]?.create(make(), limit, start)),
      )
      expect(outcomes.filter((outcome) => outcome !== 'refused')).toHaveLength(3)
      expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(17)
      expect(await idsOfUser(tenant.userId)).toHaveLength(3)
    })

    it('is never exceeded by 20 sign-ins at once, which end older sessions', async () => {
      const limit = { most: 3, whenFull: 'evict' } as const
      const views = [store, other]
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => views[index % 2]?.create(make(), limit, start)),
      )
      expect(outcomes).not.toContain('refused')
      const evicted = outcomes.flatMap((outcome) => (typeof outcome === 'object' ? outcome.evicted : []))
      expect(new Set(idsOf(evicted)).size).toBe(17)
      expect(evicted).toHaveLength(17)
      expect(await idsOfUser(tenant.userId)).toHaveLength(3)
    })

    it('ends the sessions that were used least recently, when it makes room', async () => {
      const first = await add({ lastSeenAt: start - 3 * minute })
      const second = await add({ lastSeenAt: start - 2 * minute })
      const third = await add({ lastSeenAt: start - minute })
      const { organizationId, userId } = tenant
      const use = { now: start, endsAt: start + 30 * minute }
      expect(await store.touch(organizationId, first.id, use)).toBe(true)
      const fourth = make({ lastSeenAt: start + minute })
      const outcome = await store.create(fourth, { most: 2, whenFull: 'evict' }, start)
      const evicted = [second, third].map(({ id }) => ({ id, userId, providerId }))
      expect(outcome).toEqual({ evicted: expect.arrayContaining(evicted) })
      expect(await idsOfUser(userId)).toEqual([fourth.id, first.id])
      expect(await find(second)).toBeNull()
      expect(await find(third)).toBeNull()
    })

    it('counts each user alone, and no session that has ended', async () => {
      const limit = { most: 1, whenFull: 'reject' } as const
      const session = await add()
      expect(await store.create(make({ userId: tenant.otherUserId }), limit, start)).toEqual(created)
      expect(await store.create(make(), limit, session.endsAt - 1)).toBe('refused')
      expect(await store.create(make(), limit, session.endsAt)).toEqual(created)
    })
  })

  describe('a use', () => {
    it('is noted once a minute at most, and moves the end', async () => {
      const session = await add()
      const touch = (now: number) =>
        store.touch(tenant.organizationId, session.id, { now, endsAt: now + 30 * minute })
      expect(await touch(start + minute - 1)).toBe(true)
      expect(await find(session)).toEqual(session)
      const now = start + minute
      expect(await touch(now)).toBe(true)
      expect(await find(session)).toEqual({ ...session, lastSeenAt: now, endsAt: now + 30 * minute })
    })

    it('revives no session that has ended or was removed', async () => {
      const session = await add()
      const use = { now: session.endsAt, endsAt: session.endsAt + 30 * minute }
      expect(await store.touch(tenant.organizationId, session.id, use)).toBe(false)
      expect(await find(session)).toEqual(session)
      await other.remove(tenant.organizationId, session.id)
      expect(await store.touch(tenant.organizationId, session.id, use)).toBe(false)
      expect(await find(session)).toBeNull()
    })

    it('that races with a removal does not bring the session back', async () => {
      const sessions = await Promise.all(Array.from({ length: 20 }, () => add()))
      const now = start + 2 * minute
      await Promise.all(
        sessions.flatMap(({ organizationId, id }) => [
          store.touch(organizationId, id, { now, endsAt: now + minute }),
          other.remove(organizationId, id),
        ]),
      )
      expect(await Promise.all(sessions.map(find))).toEqual(sessions.map(() => null))
    })
  })

  describe('a replacement', () => {
    it('makes the old id unknown and is found by all that named the old one', async () => {
      const session = await add()
      const next = make({ secretsVersion: 2 })
      const when = { expectedVersion: 1, now: start }
      expect(await store.replace(tenant.organizationId, session.id, next, when)).toBe('replaced')
      expect(await find(session)).toBeNull()
      expect(await find(next)).toEqual(next)
      expect(await idsOfUser(tenant.userId)).toEqual([next.id])
      const tags = { subjectTag: next.subjectTag, providerSessionTag: next.providerSessionTag }
      const removed = await store.removeByProviderSession(tenant.organizationId, providerId, tags)
      expect(idsOf(removed)).toEqual([next.id])
    })

    it('happens once, however many ask for it at once', async () => {
      const session = await add()
      const views = [store, other]
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          views[index % 2]?.replace(tenant.organizationId, session.id, make(), {
            ...{ expectedVersion: 1, now: start },
          }),
        ),
      )
      expect(outcomes.filter((outcome) => outcome === 'replaced')).toHaveLength(1)
      expect(await idsOfUser(tenant.userId)).toHaveLength(1)
    })

    it('neither revives a session, nor drops secrets that it has not seen, nor overtakes a refresh', async () => {
      const session = await add()
      const { organizationId } = tenant
      const replace = (expectedVersion: number, now: number) =>
        store.replace(organizationId, session.id, make(), { expectedVersion, now })
      expect(await replace(2, start)).toBe('busy')
      const claim = { expectedVersion: 1, now: start, until: start + minute }
      expect(await store.claimRefresh(organizationId, session.id, claim)).toBe('claimed')
      expect(await replace(1, start + minute - 1)).toBe('busy')
      expect(await replace(1, session.endsAt)).toBe('gone')
      expect(await replace(1, start + minute)).toBe('replaced')
    })
  })

  describe('a refresh', () => {
    const claimAt = (session: StoredSession, now: number, expectedVersion = 1) =>
      store.claimRefresh(tenant.organizationId, session.id, { expectedVersion, now, until: now + minute })

    it('is claimed by one of many, until it is given up or runs out', async () => {
      const session = await add()
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? store : other).claimRefresh(tenant.organizationId, session.id, {
            ...{ expectedVersion: 1, now: start, until: start + minute },
          }),
        ),
      )
      expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(9)
      expect(await find(session)).toEqual({ ...session, refreshingUntil: start + minute })
      await store.releaseRefresh(tenant.organizationId, session.id, start + minute)
      expect(await find(session)).toEqual(session)
      expect(await claimAt(session, start + 1)).toBe('claimed')
      expect(await claimAt(session, start + minute)).toBe('taken')
      expect(await claimAt(session, start + 1 + minute)).toBe('claimed')
    })

    it('that ran out does not give up the claim of whoever took it over', async () => {
      const session = await add()
      await claimAt(session, start)
      await claimAt(session, start + minute)
      await store.releaseRefresh(tenant.organizationId, session.id, start + minute)
      expect(await claimAt(session, start + minute + 1)).toBe('taken')
    })

    it('stores its secrets only in the place of those that it was made from', async () => {
      const session = await add()
      await claimAt(session, start)
      const renewals = ['one', 'two', 'three'].map((secrets) => ({
        ...{ secrets, expectedVersion: 1, checkedAt: start + 5 },
      }))
      const stored = await Promise.all(
        renewals.map((renewed) => store.storeSecrets(tenant.organizationId, session.id, renewed)),
      )
      expect(stored.filter(Boolean)).toHaveLength(1)
      const winner = renewals[stored.indexOf(true)]?.secrets
      expect(await find(session)).toEqual({
        ...{ ...session, secrets: winner, secretsVersion: 2, checkedAt: start + 5 },
      })
      expect(await claimAt(session, start)).toBe('superseded')
    })

    it('brings no session back that was ended meanwhile', async () => {
      const session = await add()
      await claimAt(session, start)
      await other.remove(tenant.organizationId, session.id)
      const renewed = { secrets: 'renewed', expectedVersion: 1, checkedAt: start }
      expect(await store.storeSecrets(tenant.organizationId, session.id, renewed)).toBe(false)
      await store.releaseRefresh(tenant.organizationId, session.id, start + minute)
      expect(await find(session)).toBeNull()
      expect(await claimAt(session, start)).toBe('gone')
    })

    it('cannot be claimed for a session that has ended', async () => {
      const session = await add()
      expect(await claimAt(session, session.endsAt)).toBe('gone')
    })
  })

  describe('an end', () => {
    it('of all sessions of users says whose they were', async () => {
      const [own, another] = [await add(), await add({ userId: tenant.otherUserId })]
      const { organizationId, userId, otherUserId } = tenant
      const listed = await store.listOfUsers(organizationId, [userId, otherUserId], start)
      expect(idsOf(listed)).toEqual(idsOf([own, another]))
      const removed = await store.removeOfUsers(organizationId, [userId, otherUserId])
      expect(new Map(removed.map((one) => [one.id, one.userId]))).toEqual(
        new Map([
          [own.id, userId],
          [another.id, otherUserId],
        ]),
      )
    })

    it('of all sessions of a user spares those of others', async () => {
      const own = [await add(), await add()]
      const another = await add({ userId: tenant.otherUserId })
      const removed = await store.removeOfUsers(tenant.organizationId, [tenant.userId])
      expect(idsOf(removed)).toEqual(idsOf(own))
      expect(await Promise.all([...own, another].map(find))).toEqual([null, null, another])
      expect(await store.removeOfUsers(tenant.organizationId, [tenant.userId])).toEqual([])
    })

    it('that an identity provider asks for spares the sessions of another provider, whatever it names', async () => {
      const mine = await add()
      const theirs = await add({ providerId: 'idp_2' })
      const { subjectTag, providerSessionTag } = mine
      for (const tags of [
        { subjectTag, providerSessionTag: null },
        { subjectTag: null, providerSessionTag },
        { subjectTag, providerSessionTag },
      ]) {
        const session = await add()
        const found = await other.findByProviderSession(tenant.organizationId, providerId, tags)
        const removed = await store.removeByProviderSession(tenant.organizationId, providerId, tags)
        expect(idsOf(removed)).toEqual(found.toSorted())
        expect(removed).toContainEqual({ id: session.id, userId: session.userId, providerId })
        expect(idsOf(removed)).not.toContain(theirs.id)
      }
      expect(await find(mine)).toBeNull()
      expect(await find(theirs)).toEqual(theirs)
    })

    it('that an identity provider asks for fits all that it names, and nothing when it names nothing', async () => {
      const { organizationId } = tenant
      const session = await add()
      const elsewhere = await add({
        providerSessionTag: providerSessionTagOf(organizationId, providerId, 'sid-2'),
      })
      const { subjectTag, providerSessionTag } = session
      const remove = async (tags: { subjectTag: string | null; providerSessionTag: string | null }) => {
        const found = await store.findByProviderSession(organizationId, providerId, tags)
        const removed = await store.removeByProviderSession(organizationId, providerId, tags)
        expect(idsOf(removed)).toEqual(found.toSorted())
        return idsOf(removed)
      }
      expect(await remove({ subjectTag: null, providerSessionTag: null })).toEqual([])
      const bob = subjectTagOf(organizationId, providerId, 'bob')
      expect(await remove({ subjectTag: bob, providerSessionTag })).toEqual([])
      expect(await remove({ subjectTag, providerSessionTag })).toEqual([session.id])
      expect(await remove(bySubject(subjectTag))).toEqual([elsewhere.id])
    })
  })

  it('lists what is due for a check, the longest ago first, and only live ones', async () => {
    const late = await add({ checkedAt: start - 2 * minute })
    const latest = await add({ checkedAt: start - 3 * minute })
    await add({ checkedAt: start - minute })
    await add({ checkedAt: start - 4 * minute, endsAt: start - 1 })
    const due = async (limit: number) => {
      const asked = { checkedBefore: start - minute, now: start, limit }
      return (await other.listDue(tenant.organizationId, asked)).map(({ id }) => id)
    }
    expect(await due(10)).toEqual([latest.id, late.id])
    await store.storeSecrets(tenant.organizationId, latest.id, {
      ...{ secrets: 'renewed', expectedVersion: 1, checkedAt: start },
    })
    expect(await due(10)).toEqual([late.id])
  })

  it('says to one only of several that end a user’s sessions which there were', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => add()))
    const ends = [store, other, store, other].map((view) =>
      view.removeOfUsers(tenant.organizationId, [tenant.userId]),
    )
    expect(idsOf((await Promise.all(ends)).flat())).toEqual(idsOf(all))
  })

  it('lists what is due page by page, also when all were checked at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => add({ checkedAt: start - 2 * minute })))
    const ids: string[] = []
    for (const skip of [0, 2, 4, 6]) {
      const page = { checkedBefore: start, now: start, limit: 2, skip }
      ids.push(...(await store.listDue(tenant.organizationId, page)).map(({ id }) => id))
    }
    expect(ids).toEqual(all.map(({ id }) => id).sort())
  })

  it('forgets what has ended, in batches, and nothing that lives', async () => {
    const ended = [
      await add({ endsAt: start }),
      await add({ endsAt: start - 1 }),
      await add({ endsAt: start - 2 }),
    ]
    const live = await add({ endsAt: start + 1 })
    expect(await store.removeExpired(tenant.organizationId, start, 2)).toBe(2)
    expect(await store.removeExpired(tenant.organizationId, start, 2)).toBe(1)
    expect(await store.removeExpired(tenant.organizationId, start, 2)).toBe(0)
    expect(await Promise.all(ended.map(find))).toEqual([null, null, null])
    expect(await find(live)).toEqual(live)
  })
})

const idsOf = (sessions: readonly { readonly id: string }[]) => sessions.map(({ id }) => id).toSorted()
