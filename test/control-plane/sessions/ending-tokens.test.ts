import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { endingTokens } from '../../../control-plane/sessions/ending-tokens.ts'
import { MemorySessionStore } from '../../../control-plane/sessions/memory-store.ts'
import { SessionKeys } from '../../../control-plane/sessions/session-keys.ts'
import { SessionSealing } from '../../../control-plane/sessions/session-sealing.ts'
import { defaultSessionSettings, Sessions, type SignIn } from '../../../control-plane/sessions/sessions.ts'

const organizationId = 'org_1'
const person: SignIn = {
  ...{ organizationId, userId: 'usr_1', providerId: 'idp_1', subject: 'alice', providerSessionId: 'sid-1' },
  ...{ userAgent: '', address: '', authenticatedAt: 0, authenticationMethods: [] },
  ...{ authenticationContexts: [], authenticationClass: null },
  secrets: { idToken: 'id', refreshToken: 'refresh' },
}

function setUp(settings = {}) {
  const ended = new Set<string>()
  const store = endingTokens(new MemorySessionStore(), async (_organization, ids) => {
    for (const id of ids) ended.add(id)
  })
  const sealing = new SessionSealing(new SessionKeys(randomBytes(32)))
  const sessions = new Sessions(store, sealing, { ...defaultSessionSettings, ...settings }, () => 1_000_000)
  const begin = async () => {
    const begun = await sessions.begin(person)
    if (begun === 'too_many_sessions') throw new Error('too many')
    return begun.session
  }
  return { ended, sessions, begin }
}

it('ends the tokens of every session that goes, and of no other', async () => {
  const { ended, sessions, begin } = setUp()
  const stays = await sessions.begin({
    ...person,
    userId: 'usr_2',
    subject: 'bob',
    providerSessionId: 'sid-2',
  })
  const signedOut = await begin()
  await sessions.end(signedOut)
  expect(ended).toEqual(new Set([signedOut.id]))

  const loggedOut = await begin()
  await sessions.endOfProviderSession(organizationId, 'idp_1', { providerSessionId: 'sid-1' })
  expect(ended).toContain(loggedOut.id)

  const [one, two] = [await begin(), await begin()]
  await sessions.endOfUsers(organizationId, ['usr_1'])
  expect([one.id, two.id].every((id) => ended.has(id))).toBe(true)

  const refused = await begin()
  await sessions.withRefresh(refused, async () => 'refused')
  expect(ended).toContain(refused.id)

  const rotated = await begin()
  const next = await sessions.rotate(rotated)
  expect(ended).toContain(rotated.id)
  for (const kept of [stays, next]) {
    if (typeof kept === 'object') expect(ended).not.toContain(kept.session.id)
  }
})

it('ends those of a session that gives way to a new one', async () => {
  const { ended, begin } = setUp({ mostPerUser: 2, whenFull: 'evict' })
  const [first, second, third] = [await begin(), await begin(), await begin()]
  expect(ended.size).toBe(1)
  expect(ended).not.toContain(third.id)
  expect([first.id, second.id].filter((id) => ended.has(id))).toHaveLength(1)
})

it('ends the tokens before the session, so that no crash in between leaves one behind', async () => {
  const memory = new MemorySessionStore()
  const order: string[] = []
  const store = endingTokens(memory, async () => {
    order.push((await memory.find(organizationId, 'sess_1')) ? 'with the session' : 'without it')
  })
  const stored = { organizationId, id: 'sess_1', userId: 'usr_1', endsAt: 1 } as Parameters<
    typeof store.create
  >[0]
  await memory.create(stored, { most: 1, whenFull: 'reject' }, 0)
  await store.remove(organizationId, 'sess_1')
  expect(order).toEqual(['with the session', 'without it'])
})

it('ends the tokens of what a provider ends before the session, so that a second try finds it when that fails', async () => {
  const memory = new MemorySessionStore()
  let isAway = true
  const store = endingTokens(memory, async (_organization, ids) => {
    if (isAway && ids.length > 0) throw new Error('away')
  })
  const tags = { subjectTag: 'ada', providerSessionTag: null }
  const stored = {
    ...{ organizationId, id: 'sess_1', userId: 'usr_1', providerId: 'idp_1', endsAt: 1, ...tags },
  } as Parameters<typeof store.create>[0]
  await memory.create(stored, { most: 1, whenFull: 'reject' }, 0)
  const end = () => store.removeByProviderSession(organizationId, 'idp_1', tags)
  await expect(end()).rejects.toThrow('away')
  isAway = false
  expect(await end()).toMatchObject([{ id: 'sess_1', userId: 'usr_1' }])
})
