import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../../environment/browser.ts'
import { read } from '../api.ts'
import { endsOf, type SignInSetup, startProvider, startSignIn, viewerQuery } from './signed-in.ts'

let setup: SignInSetup

beforeAll(async () => {
  setup = await startSignIn({ sessions: { mostPerUser: 3 } })
})
afterAll(() => setup.close())

async function signIn(login: string): Promise<{ browser: Browser; sessionId: string; userId: string }> {
  const { browser } = await setup.signIn(setup.describePerson(login, { roles: ['reader'] }))
  const [{ user }, sessionId] = [await setup.viewerOf(browser), await currentOf(browser)]
  return { browser, sessionId, userId: user.id }
}

async function currentOf(browser: Browser): Promise<string> {
  const { data } = await setup.ask(browser, '{ sessions { id isCurrent } }')
  const sessions = read<{ id: string; isCurrent: boolean }[]>(data, 'sessions')
  return sessions.find(({ isCurrent }) => isCurrent)?.id ?? ''
}

const signOut = (browser: Browser, query = '') =>
  browser.request(`${setup.url}/auth/logout${query}`, { method: 'POST', headers: { origin: setup.url } })

/** As its person did it, by this session. */
const ended = (id: string, userId: string, reason: string, by = id) => ({
  ...{ actor: { kind: 'user', id: userId }, subject: { id } },
  details: { userId, providerId: setup.providerId, reason, signIn: { sessionId: by } },
})

describe('the end of a session is on record, with its person and why', () => {
  it('when they sign out, once', async () => {
    const { browser, sessionId, userId } = await signIn('leaver')
    const cookies = [...browser.cookiesOf(setup.url)]
    await signOut(browser)
    for (const [name, value] of cookies) browser.setCookie(setup.url, name, value)
    await signOut(browser)
    const ends = await endsOf(setup, userId)
    expect(ends).toMatchObject([ended(sessionId, userId, 'signed_out')])
    expect(JSON.stringify(ends)).not.toMatch(/idToken|refreshToken|eyJ/)
  })

  it('when they sign out another browser of theirs, or all others', async () => {
    const [first, second, third] = [await signIn('mover'), await signIn('mover'), await signIn('mover')]
    const { userId, sessionId: by } = first
    const stranger = await signIn('stranger')
    await signOut(first.browser, `?session=${stranger.sessionId}`)
    await signOut(first.browser, `?session=${second.sessionId}`)
    await signOut(first.browser, '?session=others')
    expect(await endsOf(setup, userId)).toMatchObject(
      [second, third].map(({ sessionId }) => ended(sessionId, userId, 'signed_out', by)),
    )
    expect(await endsOf(setup, stranger.userId)).toEqual([])
  })

  it('when they sign in anew in the same browser', async () => {
    const { browser, sessionId, userId } = await signIn('returner')
    await setup.signIn('returner', browser)
    expect(await endsOf(setup, userId)).toMatchObject([ended(sessionId, userId, 'signed_in_anew')])
  })

  it('when another person signs in in the same browser, who ended it', async () => {
    const { browser, sessionId, userId } = await signIn('lender')
    const borrower = await signIn('borrower')
    // Of the control plane alone: the identity provider asks who it is.
    const shared = new Browser()
    for (const [name, value] of browser.cookiesOf(setup.url)) shared.setCookie(setup.url, name, value)
    await setup.signIn('borrower', shared)
    const [end, ...others] = await endsOf(setup, userId)
    expect(others).toEqual([])
    expect(end).toMatchObject({
      ...{ actor: { kind: 'user', id: borrower.userId }, subject: { id: sessionId } },
      details: { userId, providerId: setup.providerId, reason: 'signed_in_anew' },
    })
    expect(end?.details).not.toHaveProperty('signIn')
    expect(await endsOf(setup, borrower.userId)).toEqual([])
  })

  it('when somebody of another organization signs in in the same browser, whom it does not name', async () => {
    const { browser, sessionId, userId } = await signIn('host')
    const elsewhere = await startProvider(setup.api, await setup.api.createTenant('Umbra'))
    try {
      await elsewhere.signIn(elsewhere.describePerson('guest', { roles: ['reader'] }), browser)
      const { user: guest } = await elsewhere.viewerOf(browser)
      const ends = await endsOf(setup, userId)
      expect(ends).toMatchObject([
        { actor: { kind: 'system' }, subject: { id: sessionId }, details: { reason: 'signed_in_anew' } },
      ])
      expect(JSON.stringify(ends)).not.toContain(guest.id)
      expect(await endsOf({ api: setup.api, tenant: elsewhere.tenant }, userId)).toEqual([])
    } finally {
      await elsewhere.identityProvider.close()
    }
  })

  it('when it gives way to another one, for they have as many as they may', async () => {
    const first = await signIn('collector')
    for (let count = 0; count < 2; count++) await signIn('collector')
    expect(await endsOf(setup, first.userId)).toEqual([])
    const last = await signIn('collector')
    const { userId } = first
    const [end, ...others] = await endsOf(setup, userId)
    expect(others).toEqual([])
    const gone = end?.subject.id ?? ''
    expect(end).toMatchObject(ended(gone, userId, 'evicted', last.sessionId))
    expect(gone).not.toBe(last.sessionId)
    const { data } = await setup.ask(last.browser, '{ sessions { id } }')
    expect(read<{ id: string }[]>(data, 'sessions').map(({ id }) => id)).not.toContain(gone)
    expect((await setup.ask(last.browser, viewerQuery)).status).toBe(200)
  })
})
