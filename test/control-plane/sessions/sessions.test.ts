import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '../../../control-plane/sessions/session.ts'
import { sessionCookieName } from '../../../control-plane/sessions/session-cookie.ts'
import { SessionKeys } from '../../../control-plane/sessions/session-keys.ts'
import { SessionSealing } from '../../../control-plane/sessions/session-sealing.ts'
import {
  type BegunSession,
  type SessionSettings,
  Sessions,
  type SignIn,
} from '../../../control-plane/sessions/sessions.ts'
import { type OpenedStore, storeKinds, type TestTenant } from './stores.ts'

const minute = 60_000
const settings: SessionSettings = {
  ...{ idleMs: 30 * minute, absoluteMs: 720 * minute, mostPerUser: 50, whenFull: 'reject' },
  checkMs: 15 * minute,
}
const secrets = { idToken: 'id-token-canary', refreshToken: 'refresh-token-canary' }
const masterKey = randomBytes(32)

describe.each(storeKinds)('sessions in the $name store', ({ open, persists }) => {
  let opened: OpenedStore
  let tenant: TestTenant
  let sessions: Sessions
  /** Another process. */
  let other: Sessions
  let now = Date.now()

  const process = async (keys = new SessionKeys(masterKey), changes: Partial<SessionSettings> = {}) =>
    new Sessions(await opened.connect(), new SessionSealing(keys), { ...settings, ...changes }, () => now)

  beforeAll(async () => {
    opened = await open()
    sessions = await process()
    other = await process()
  })
  afterAll(() => opened.close())
  beforeEach(async () => {
    tenant = await opened.createTenant()
  })

  const signIn = (changes: Partial<SignIn> = {}): SignIn => ({
    ...{ organizationId: tenant.organizationId, userId: tenant.userId, providerId: 'idp_1' },
    ...{ subject: 'subject-canary', providerSessionId: 'sid-canary' },
    ...{ userAgent: 'agent-canary', address: '192.0.2.77', authenticatedAt: now - 1_000 },
    ...{ authenticationMethods: ['pwd'], authenticationClass: null, authenticationContexts: [], secrets },
    ...changes,
  })

  async function begin(changes: Partial<SignIn> = {}): Promise<BegunSession> {
    const begun = await sessions.begin(signIn(changes))
    if (begun === 'too_many_sessions') throw new Error(begun)
    return begun
  }

  /** What the browser sends back. */
  const sent = ({ cookie }: BegunSession) => cookie.split(';')[0] ?? ''
  const secretIn = (begun: BegunSession) => sent(begun).split('.').at(-1) ?? ''

  it('a person is known by their cookie in every process', async () => {
    const begun = await begin()
    expect(begun.session).toMatchObject({ createdAt: now, expiresAt: now + settings.absoluteMs })
    expect(await other.authenticate(sent(begun))).toEqual(begun.session)
    expect(await other.secretsOf(begun.session)).toEqual(secrets)
    expect(begun.cookie).toContain(`Max-Age=${settings.absoluteMs / 1_000};`)
  })

  it('tells since when its provider has not confirmed it, a minute after it was to', async () => {
    const { session } = await begin()
    const dueAt = now + 15 * minute
    now = dueAt + minute
    expect(sessions.unverifiedSince(session)).toBeNull()
    now += 1
    expect(sessions.unverifiedSince(session)).toBe(dueAt)
    expect(sessions.unverifiedSince({ ...session, checkedAt: now })).toBeNull()
    expect(sessions.unverifiedSince({ ...session, providerId: 'break_glass' })).toBeNull()
  })

  it('what is stored shows neither the cookie nor the tokens nor anything of the person', async () => {
    const begun = await begin({ subject: 'ada@example.com' })
    const raw = await opened.raw()
    expect(raw).toContain(begun.session.id)
    expect(raw).not.toContain(secretIn(begun))
    expect(raw).not.toContain(Buffer.from(secretIn(begun), 'base64url').toString('hex'))
    expect(raw).not.toMatch(/canary|ada@|192\.0\.2/)
    for (const canary of ['id-token-canary', 'refresh-token-canary'])
      expect(raw).not.toContain(Buffer.from(canary).toString('base64url').slice(0, -2))
  })

  it('nobody is let in by an id without its secret, a secret of another session, or no cookie', async () => {
    const begun = await begin()
    const another = await begin()
    const { organizationId, id } = begun.session
    const forged = [
      `${sessionCookieName}=${organizationId}.${id}.${secretIn(another)}`,
      `${sessionCookieName}=${organizationId}.${id}.${'A'.repeat(43)}`,
      `${sessionCookieName}=${organizationId}.${id}.`,
      `${sent(begun)}; ${sent(another)}`,
      '',
      null,
    ]
    for (const header of forged) expect(await sessions.authenticate(header)).toBeNull()
  })

  it('a session of one organization is unknown in another, by cookie and by id', async () => {
    const begun = await begin()
    const { organizationId: foreign } = await opened.createTenant()
    const header = sent(begun).replace(begun.session.organizationId, foreign)
    expect(await sessions.authenticate(header)).toBeNull()
    expect(await sessions.end({ organizationId: foreign, id: begun.session.id })).toBe(false)
    expect(await sessions.listOfUser(foreign, tenant.userId)).toEqual([])
    expect(await sessions.authenticate(sent(begun))).not.toBeNull()
  })

  it('a cookie that is replayed after the sign-out is refused, in every process', async () => {
    const begun = await begin()
    await sessions.authenticate(sent(begun))
    expect(await other.end(begun.session)).toBe(true)
    expect(await sessions.authenticate(sent(begun))).toBeNull()
    expect(await other.authenticate(sent(begun))).toBeNull()
    expect(await sessions.secretsOf(begun.session)).toBeNull()
    expect(await sessions.rotate(begun.session)).toBe('ended')
    expect(await sessions.end(begun.session)).toBe(false)
  })

  it('each sign-in has an id and a secret of its own, so that none can be fixed beforehand', async () => {
    const begun = [await begin(), await begin(), await begin()]
    expect(new Set(begun.map(({ session }) => session.id)).size).toBe(3)
    expect(new Set(begun.map(secretIn)).size).toBe(3)
  })

  describe('a rotation', () => {
    it('refuses the old cookie at once and keeps what it does not change', async () => {
      const begun = await begin()
      now += 5 * minute
      const stepUp = {
        authenticatedAt: now,
        authenticationMethods: ['pwd', 'otp'],
        authenticationClass: 'high',
      }
      const rotated = await sessions.rotate(begun.session, stepUp)
      if (rotated === 'ended') throw new Error(rotated)
      expect(rotated.session.id).not.toBe(begun.session.id)
      expect(secretIn(rotated)).not.toBe(secretIn(begun))
      expect(rotated.session).toEqual({
        ...{ ...begun.session, ...stepUp, id: rotated.session.id, lastSeenAt: now, secretsVersion: 2 },
      })
      expect(await other.authenticate(sent(begun))).toBeNull()
      const crossed = `${sessionCookieName}=${tenant.organizationId}.${rotated.session.id}.${secretIn(begun)}`
      expect(await other.authenticate(crossed)).toBeNull()
      expect(await other.authenticate(sent(rotated))).toEqual(rotated.session)
      expect(await other.secretsOf(rotated.session)).toEqual(secrets)
    })

    it('takes the tokens of a step-up, which need not bring a refresh token', async () => {
      const begun = await begin()
      const rotated = await sessions.rotate(begun.session, {
        secrets: { idToken: 'second', refreshToken: null },
      })
      if (rotated === 'ended') throw new Error(rotated)
      expect(await other.secretsOf(rotated.session)).toEqual({ ...secrets, idToken: 'second' })
    })

    it('leaves one session, however many are asked for at once', async () => {
      const { session } = await begin()
      const views = [sessions, other]
      const outcomes = await Promise.all(Array.from({ length: 10 }, (_, i) => views[i % 2]?.rotate(session)))
      expect(outcomes.filter((outcome) => outcome !== 'ended')).toHaveLength(1)
      expect(await sessions.listOfUser(tenant.organizationId, tenant.userId)).toHaveLength(1)
    })

    it('waits for a refresh that is under way, and takes the new tokens along', async () => {
      const { session } = await begin()
      const asked = Promise.withResolvers<void>()
      const answered = Promise.withResolvers<void>()
      const refreshed = sessions.withRefresh(session, async () => {
        asked.resolve()
        await answered.promise
        return { idToken: 'second', refreshToken: 'second' }
      })
      await asked.promise
      const rotating = other.rotate(session)
      setTimeout(() => answered.resolve(), 100)
      await refreshed
      const rotated = await rotating
      if (rotated === 'ended') throw new Error(rotated)
      expect(await sessions.secretsOf(rotated.session)).toEqual({ idToken: 'second', refreshToken: 'second' })
    })
  })

  describe('the limits', () => {
    it('without use a session ends at the idle limit, to the millisecond', async () => {
      const begun = await begin()
      const begunAt = now
      now = begunAt + settings.idleMs - 1
      expect(await sessions.authenticate(sent(begun))).not.toBeNull()
      const usedAt = now
      now = usedAt + settings.idleMs
      expect(await sessions.authenticate(sent(begun))).toBeNull()
      expect(await sessions.secretsOf(begun.session)).toBeNull()
      expect(await sessions.rotate(begun.session)).toBe('ended')
      expect(await sessions.listOfUser(tenant.organizationId, tenant.userId)).toEqual([])
      expect(await sessions.withRefresh(begun.session, async () => 'unavailable')).toBe('ended')
    })

    it('with use all the time a session ends at the absolute limit, to the millisecond', async () => {
      const begun = await begin()
      const { expiresAt } = begun.session
      while (now + 20 * minute < expiresAt) {
        now += 20 * minute
        expect(await sessions.authenticate(sent(begun))).not.toBeNull()
      }
      now = expiresAt - 1
      expect(await sessions.authenticate(sent(begun))).not.toBeNull()
      now = expiresAt
      expect(await sessions.authenticate(sent(begun))).toBeNull()
    })

    it('a rotation does not put off the absolute end', async () => {
      const begun = await begin()
      now += 10 * minute
      const rotated = await sessions.rotate(begun.session)
      if (rotated === 'ended') throw new Error(rotated)
      expect(rotated.session.expiresAt).toBe(begun.session.expiresAt)
      expect(rotated.cookie).toContain(`Max-Age=${(settings.absoluteMs - 10 * minute) / 1_000};`)
    })

    it('a shorter idle limit holds for sessions that began under a longer one', async () => {
      const begun = await begin()
      const strict = await process(undefined, { idleMs: 5 * minute })
      now += 5 * minute
      expect(await strict.authenticate(sent(begun))).toBeNull()
    })

    it('what has ended is forgotten and what lives is not', async () => {
      const ended = await begin()
      now += settings.idleMs
      const live = await begin()
      expect(await sessions.removeExpired(tenant.organizationId)).toBe(false)
      const raw = await opened.raw()
      expect(raw).not.toContain(ended.session.id)
      expect(raw).toContain(live.session.id)
    })

    it('20 sign-ins at once leave no more sessions than a user may have', async () => {
      const strict = await process(undefined, { mostPerUser: 2 })
      const alike = await process(undefined, { mostPerUser: 2 })
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? strict : alike).begin(signIn())),
      )
      expect(outcomes.filter((outcome) => outcome === 'too_many_sessions')).toHaveLength(18)
      expect(await sessions.listOfUser(tenant.organizationId, tenant.userId)).toHaveLength(2)
    })

    it('a sign-in that makes room refuses the cookie of the session that it ended', async () => {
      const evicting = await process(undefined, { mostPerUser: 1, whenFull: 'evict' })
      const first = await begin()
      now += 1
      const second = await evicting.begin(signIn())
      if (second === 'too_many_sessions') throw new Error(second)
      expect(await other.authenticate(sent(first))).toBeNull()
      expect(await other.authenticate(sent(second))).not.toBeNull()
    })
  })

  describe('an end from elsewhere', () => {
    it('of all sessions of a user refuses all of their cookies and nobody else’s', async () => {
      const own = [await begin(), await begin()]
      const another = await begin({ userId: tenant.otherUserId })
      const ended = await other.endOfUsers(tenant.organizationId, [tenant.userId])
      expect(ended.map(({ id }) => id).toSorted()).toEqual(own.map(({ session }) => session.id).toSorted())
      for (const begun of own) expect(await sessions.authenticate(sent(begun))).toBeNull()
      expect(await sessions.authenticate(sent(another))).not.toBeNull()
    })

    it('by one identity provider never touches a session of another that uses the same names', async () => {
      const mine = await begin()
      const theirs = await begin({ providerId: 'idp_2' })
      const { organizationId } = tenant
      const named = { subject: 'subject-canary', providerSessionId: 'sid-canary' }
      expect(await other.endOfProviderSession(organizationId, 'idp_3', named)).toEqual([])
      expect(await other.endOfProviderSession(organizationId, 'idp_1', {})).toEqual([])
      const { id, userId, providerId } = mine.session
      expect(await other.endOfProviderSession(organizationId, 'idp_1', named)).toEqual([
        { id, userId, providerId },
      ])
      expect(await sessions.authenticate(sent(mine))).toBeNull()
      expect(await sessions.authenticate(sent(theirs))).not.toBeNull()
    })

    it('by a subject’s name spares a session whose own name is the same text', async () => {
      const begun = await begin({ subject: 'a', providerSessionId: 'b' })
      const { organizationId } = tenant
      expect(await other.endOfProviderSession(organizationId, 'idp_1', { subject: 'b' })).toEqual([])
      expect(await other.endOfProviderSession(organizationId, 'idp_1', { providerSessionId: 'a' })).toEqual(
        [],
      )
      expect(await other.endOfProviderSession(organizationId, 'idp_1', { subject: 'a' })).toMatchObject([
        { id: begun.session.id },
      ])
    })
  })

  it('lists what the identity provider has not confirmed for long, until a refresh confirms it', async () => {
    const { session } = await begin()
    now += 15 * minute
    await begin()
    const due = async () =>
      (await sessions.listDue(tenant.organizationId, { checkedBefore: now, limit: 10 })).sessions
    expect((await due()).map(({ id }) => id)).toEqual([session.id])
    await sessions.withRefresh(session, async (held) => held)
    expect(await due()).toEqual([])
  })

  it('a new master key signs nobody out while the old one is known; without it nobody is let in', async () => {
    const begun = await begin()
    const next = randomBytes(32)
    const rotated = await process(new SessionKeys(next, [masterKey]))
    const after = await process(new SessionKeys(next))
    expect(await rotated.authenticate(sent(begun))).toEqual(begun.session)
    expect(await after.authenticate(sent(begun))).toBeNull()
    expect(await after.listOfUser(tenant.organizationId, tenant.userId)).toEqual([])
    const renewed = await rotated.rotate(begun.session)
    if (renewed === 'ended') throw new Error(renewed)
    expect(await after.authenticate(sent(renewed))).toEqual(renewed.session)
  })

  it.runIf(persists)('outlive the process that began them', async () => {
    const begun = await begin()
    const restarted = await process()
    expect(await restarted.authenticate(sent(begun))).toEqual(begun.session)
    expect(await restarted.secretsOf(begun.session)).toEqual(secrets)
  })

  it('a use is noted, so that the idle limit counts from it', async () => {
    const begun = await begin()
    now += 20 * minute
    const used = (await sessions.authenticate(sent(begun))) as Session
    expect(used.lastSeenAt).toBe(now)
    now += 20 * minute
    expect(await other.authenticate(sent(begun))).toMatchObject({ id: begun.session.id })
  })
})
