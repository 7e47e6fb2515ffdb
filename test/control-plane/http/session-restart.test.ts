import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ControlPlane } from '../../../control-plane/app.ts'
import type { Browser } from '../../environment/browser.ts'
import { redisUrl } from '../../environment/index.ts'
import { readPostgresSessions, readRedis } from '../sessions/stores.ts'
import { type SignInSetup, startSignIn, viewerQuery } from './signed-in.ts'

const person = {
  ...{ name: 'Grace Hopper', email: 'grace@navy.example', email_verified: true },
  roles: ['reader'],
}

/** All the control planes that there are stop, and one starts on what they left. */
async function restart(setup: SignInSetup): Promise<ControlPlane> {
  await setup.api.controlPlane.close()
  return setup.api.startAnother()
}

async function statusAt({ url }: ControlPlane, cookie: string): Promise<number> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ query: viewerQuery }),
  })
  return response.status
}

const cookieOf = (browser: Browser, url: string) =>
  [...browser.cookiesOf(url)].map((pair) => pair.join('=')).join('; ')

describe.each(['database', 'redis'] as const)('a session in the store %s', (store) => {
  let setup: SignInSetup
  let cookie: string
  let stored: string

  beforeAll(async () => {
    const url = store === 'redis' ? await redisUrl() : undefined
    setup = await startSignIn({ sessions: { store }, ...(url !== undefined && { redisUrl: url }) })
    const login = setup.describePerson('grace.hopper', person)
    cookie = cookieOf((await setup.signIn(login)).browser, setup.url)
    stored =
      url === undefined
        ? await readPostgresSessions(setup.api.testDatabase.superuserUrl)
        : await readRedis(url)
  })
  afterAll(() => setup.close())

  it('is ciphertext where it is kept: no name, address, token or cookie can be read', async () => {
    const { sessions } = setup.api.controlPlane.services
    const { organizationId } = setup.tenant
    const due = { checkedBefore: Date.now() + 60_000, limit: 10 }
    const [session] = (await sessions.listDue(organizationId, due)).sessions
    if (!session) throw new Error('nobody is signed in')
    const secrets = await sessions.secretsOf(session)
    const [, , cookieSecret = ''] = cookie.split('.')
    const unseen = {
      ...{ subject: 'grace.hopper', name: 'Grace', email: 'navy.example', cookie: cookieSecret },
      ...{
        idToken: secrets?.idToken,
        claims: secrets?.idToken.split('.')[1],
        sid: session.providerSessionId,
      },
      ...{ refreshToken: secrets?.refreshToken, address: session.address },
    }
    expect(stored).toContain(session.id)
    for (const [what, text] of Object.entries(unseen)) {
      expect(text, what).toMatch(/.../)
      expect(stored.includes(String(text)), what).toBe(false)
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        expect(stored.includes(Buffer.from(String(text)).toString(encoding)), `${what} in ${encoding}`).toBe(
          false,
        )
      }
    }
  })

  it('goes on after the control plane has stopped and started, and once signed out is over for good', async () => {
    const second = await restart(setup)
    expect(await statusAt(second, cookie)).toBe(200)
    const out = await fetch(`${second.url}/auth/logout`, {
      method: 'POST',
      headers: { cookie, origin: second.url },
    })
    expect(out.status).toBe(200)
    expect(await statusAt(second, cookie)).toBe(401)
    await second.close()
    const third = await setup.api.startAnother()
    expect(await statusAt(third, cookie)).toBe(401)
    expect(await statusAt(third, `${cookie}; other=x`)).toBe(401)
  })
})

it('a session in memory ends with its control plane', async () => {
  const setup = await startSignIn({ sessions: { store: 'memory' } })
  try {
    const { browser } = await setup.signIn(setup.describePerson('grace.hopper', person))
    const cookie = cookieOf(browser, setup.url)
    expect(await statusAt(setup.api.controlPlane, cookie)).toBe(200)
    expect(await statusAt(await restart(setup), cookie)).toBe(401)
  } finally {
    await setup.close()
  }
})
