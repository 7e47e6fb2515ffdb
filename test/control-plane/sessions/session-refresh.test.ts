import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Session, SessionSecrets } from '../../../control-plane/sessions/session.ts'
import { SessionKeys } from '../../../control-plane/sessions/session-keys.ts'
import { type Refresh, refreshLeaseMs } from '../../../control-plane/sessions/session-refresh.ts'
import { SessionSealing } from '../../../control-plane/sessions/session-sealing.ts'
import { defaultSessionSettings, Sessions } from '../../../control-plane/sessions/sessions.ts'
import { type OpenedStore, storeKinds, type TestTenant } from './stores.ts'

const sealing = new SessionSealing(new SessionKeys(randomBytes(32)))

/** An identity provider that takes each refresh token once. */
class Provider {
  calls = 0
  answer: 'renewed' | 'refused' | 'unavailable' = 'renewed'
  readonly #spent = new Set<string>()

  readonly refresh: Refresh = async ({ refreshToken }) => {
    const call = ++this.calls
    await delay(20)
    if (this.answer !== 'renewed') return this.answer
    if (refreshToken === null || this.#spent.has(refreshToken)) return 'refused'
    this.#spent.add(refreshToken)
    return { idToken: `id-${call}`, refreshToken: `refresh-${call}` }
  }
}

describe.each(storeKinds)('a refresh over the $name store', ({ open }) => {
  let opened: OpenedStore
  let tenant: TestTenant
  let nodes: readonly Sessions[]
  let now = Date.now()
  let provider: Provider
  let session: Session

  beforeAll(async () => {
    opened = await open()
    const node = async () => new Sessions(await opened.connect(), sealing, defaultSessionSettings, () => now)
    nodes = await Promise.all([node(), node(), node()])
  })
  afterAll(() => opened.close())
  beforeEach(async () => {
    tenant = await opened.createTenant()
    provider = new Provider()
    session = await begin({ idToken: 'id-0', refreshToken: 'refresh-0' })
  })

  async function begin(secrets: SessionSecrets): Promise<Session> {
    const begun = await nodeAt(0).begin({
      ...{ organizationId: tenant.organizationId, userId: tenant.userId, providerId: 'idp_1' },
      ...{ subject: 'ada', providerSessionId: null, userAgent: '', address: '', authenticatedAt: now },
      ...{ authenticationMethods: [], authenticationClass: null, authenticationContexts: [], secrets },
    })
    if (begun === 'too_many_sessions') throw new Error(begun)
    return begun.session
  }

  function nodeAt(index: number): Sessions {
    const node = nodes[index % nodes.length]
    if (!node) throw new Error('there is no node')
    return node
  }

  const refreshAtOnce = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => nodeAt(index).withRefresh(session, provider.refresh)),
    )

  it('asks the identity provider once, however many want it in three processes, and all get its answer', async () => {
    const outcomes = await refreshAtOnce(20)
    expect(provider.calls).toBe(1)
    const renewed = { idToken: 'id-1', refreshToken: 'refresh-1' }
    for (const outcome of outcomes) expect(outcome).toMatchObject({ secrets: renewed })
    expect(await nodeAt(1).secretsOf(session)).toEqual(renewed)
  })

  it('gives whoever comes late with an old session what is there, and asks anew only for a newer one', async () => {
    const first = await nodeAt(0).withRefresh(session, provider.refresh)
    expect(await nodeAt(1).withRefresh(session, provider.refresh)).toEqual(first)
    expect(provider.calls).toBe(1)
    if (typeof first === 'string') throw new Error(first)
    expect(await nodeAt(1).withRefresh(first.session, provider.refresh)).toMatchObject({
      secrets: { refreshToken: 'refresh-2' },
    })
    expect(provider.calls).toBe(2)
  })

  it('that is refused ends the session for all who wait', async () => {
    provider.answer = 'refused'
    expect(new Set(await refreshAtOnce(20))).toEqual(new Set(['ended']))
    expect(provider.calls).toBe(1)
    expect(await nodeAt(1).secretsOf(session)).toBeNull()
  })

  it('that finds the provider away leaves the session and its tokens as they were, for a later one', async () => {
    provider.answer = 'unavailable'
    expect(await nodeAt(0).withRefresh(session, provider.refresh)).toBe('unavailable')
    expect(await nodeAt(1).secretsOf(session)).toEqual({ idToken: 'id-0', refreshToken: 'refresh-0' })
    provider.answer = 'renewed'
    expect(await nodeAt(1).withRefresh(session, provider.refresh)).toMatchObject({
      secrets: { refreshToken: 'refresh-2' },
    })
  })

  it('under way in one process tells another that waits for it that the provider is away', async () => {
    const asked = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    const first = nodeAt(0).withRefresh(session, async () => {
      asked.resolve()
      await answered.promise
      return 'unavailable'
    })
    await asked.promise
    const second = nodeAt(1).withRefresh(session, provider.refresh)
    // Long enough for it to find the refresh claimed, and less than it waits for.
    await delay(2_000)
    answered.resolve()
    expect(await Promise.all([first, second])).toEqual(['unavailable', 'unavailable'])
    expect(provider.calls).toBe(0)
  })

  it('that fails rejects, and does not keep the next one waiting', async () => {
    const failing = nodeAt(0).withRefresh(session, async () => {
      throw new Error('a bug')
    })
    await expect(failing).rejects.toThrow('a bug')
    expect(await nodeAt(1).withRefresh(session, provider.refresh)).toMatchObject({
      secrets: { refreshToken: 'refresh-1' },
    })
  })

  it('of a process that died is taken over when its lease has run out', async () => {
    const died = Promise.withResolvers<never>()
    const asked = Promise.withResolvers<void>()
    const hanging = nodeAt(0).withRefresh(session, () => {
      asked.resolve()
      return died.promise
    })
    hanging.catch(() => undefined)
    await asked.promise
    const waiting = nodeAt(1).withRefresh(session, provider.refresh)
    await delay(100)
    expect(provider.calls).toBe(0)
    now += refreshLeaseMs
    expect(await waiting).toMatchObject({ secrets: { refreshToken: 'refresh-1' } })
    expect(provider.calls).toBe(1)
    died.reject(new Error('gone'))
    await expect(hanging).rejects.toThrow('gone')
  })

  it('that comes back after the sign-out brings no session back', async () => {
    const outcome = await nodeAt(0).withRefresh(session, async () => {
      await nodeAt(1).end(session)
      return { idToken: 'late', refreshToken: 'late' }
    })
    expect(outcome).toBe('ended')
    expect(await nodeAt(1).secretsOf(session)).toBeNull()
    expect(await nodeAt(1).listOfUser(tenant.organizationId, tenant.userId)).toEqual([])
  })
})
