import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../../environment/browser.ts'
import { read } from '../api.ts'
import { nodesOf, type SignInSetup, startSignIn } from './signed-in.ts'

let setup: SignInSetup
let strict: Browser | undefined

beforeAll(async () => {
  setup = await startSignIn()
})
afterAll(() => setup.close())
afterEach(() => setPolicy([]))

const nowSeconds = () => Math.floor(Date.now() / 1_000)
const rolesQuery = '{ roles { totalCount } }'

/** By a token of the machine itself, which proves all. */
async function setPolicy(rules: readonly object[], token = setup.tenant.token) {
  const { data } = await setup.api.ask(token, setPolicyMutation, { input: { rules } })
  return read<{ code?: string }>(data, 'setMfaPolicy')
}
const setPolicyMutation = `mutation ($input: SetMfaPolicyInput!) { setMfaPolicy(input: $input) {
  ... on MfaPolicy { version } ... on Refusal { code message } } }`

/** Signs an admin in, with these claims for how. */
async function signIn(login: string, how: object): Promise<Browser> {
  const { browser, status, page } = await setup.signIn(describe_(login, how))
  expect(status, page).toBe(200)
  return browser
}
const describe_ = (login: string, how: object) =>
  setup.describePerson(login, { roles: ['gatehouse-admin'], ...how })

interface Refusal {
  readonly status: number
  readonly challenge: string | null
  readonly extensions: Record<string, unknown>
}

async function asked(browser: Browser, query = rolesQuery): Promise<Refusal> {
  const response = await browser.request(`${setup.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  const { errors = [] } = (await response.json()) as { errors?: { extensions: Record<string, unknown> }[] }
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    extensions: errors[0]?.extensions ?? {},
  }
}

/** As far as the provider's answer, which is not taken to the control plane yet. */
async function answerFor(browser: Browser, login: string, query = ''): Promise<string> {
  const stopAt = (at: string) => at.startsWith(`${setup.url}/auth/oidc/okta/callback`)
  return (await browser.visit(`${setup.url}/auth/step-up${query}`, { login, stopAt })).url
}

async function stepUp(browser: Browser, login: string, query = ''): Promise<[number, string | undefined]> {
  const { response } = await browser.visit(`${setup.url}/auth/step-up${query}`, { login })
  return [response?.status ?? 0, codeOf((await response?.text()) ?? '')]
}
const codeOf = (page: string) => /<code>(\w+)<\/code>/.exec(page)?.[1]

const sessionCookie = (browser: Browser) =>
  [...browser.cookiesOf(setup.url)].find(([name]) => name === '__Host-gatehouse-session') ?? ['', '']

function withCookie(cookie: readonly [string, string] | string[]): Browser {
  const browser = new Browser()
  browser.setCookie(setup.url, cookie[0] ?? '', cookie[1] ?? '')
  return browser
}

describe('a permission that needs MFA', () => {
  it('is refused to who has not proved it as RFC 9470 says, and given to them after a step-up', async () => {
    await setPolicy([{ permissions: ['roles:*'], maxAgeSeconds: 900 }])
    const browser = await signIn('ann', { amr: ['pwd'], auth_time: nowSeconds() })
    const { status, challenge, extensions } = await asked(browser)
    expect(status).toBe(401)
    expect(challenge).toBe(
      'Bearer error="insufficient_user_authentication", error_description="Multi-factor authentication is required", max_age="900"',
    )
    expect(extensions).toMatchObject({
      ...{ code: 'MFA_REQUIRED', type: 'mfa_required', acrValues: [], maxAge: 900 },
      stepUpUrl: `${setup.url}/auth/step-up?max_age=900`,
    })
    expect((await asked(browser, '{ teams { totalCount } }')).status).toBe(200)
    describe_('ann', { amr: ['pwd', 'otp', 'mfa'] })
    const { response } = await browser.visit(String(extensions.stepUpUrl), { login: 'ann' })
    expect(response?.status).toBe(200)
    expect((await asked(browser)).status).toBe(200)
  })

  it('is refused to who proved it too long ago, or at a time that the provider does not tell', async () => {
    await setPolicy([{ permissions: ['roles:*'], maxAgeSeconds: 900 }])
    const late = await signIn('late', { amr: ['mfa'], auth_time: nowSeconds() - 901 })
    expect((await asked(late)).status).toBe(401)
    const untold = await signIn('untold', { amr: ['mfa'], auth_time: null })
    expect((await asked(untold)).status).toBe(401)
    const lately = await signIn('lately', { amr: ['mfa'], auth_time: nowSeconds() - 800 })
    expect((await asked(lately)).status).toBe(200)
  })

  it('needs the class and the method that a rule names, whatever else counts as MFA', async () => {
    await setPolicy([{ permissions: ['roles:view'], acrValues: ['phr', 'phrh'], amr: ['hwk'] }])
    for (const how of [
      { acr: 'phr', amr: ['mfa', 'otp'] },
      { acr: 'urn:okta:loa:2fa:any', amr: ['mfa', 'hwk'] },
      { acr: 'phr ', amr: ['hwk'] },
    ]) {
      const { status, challenge } = await asked(await signIn('named', how))
      expect([status, challenge?.includes('acr_values="phr phrh"')]).toEqual([401, true])
    }
    expect((await asked(await signIn('named', { acr: 'phrh', amr: ['hwk'] }))).status).toBe(200)
  })

  it('of a role needs it whoever has that role or an heir of it, and of nobody else', async () => {
    await setPolicy([{ roleIds: ['role_admin'] }])
    expect((await asked(await signIn('boss', { amr: ['pwd'] }))).status).toBe(401)
    expect((await asked(await signIn('boss', { amr: ['mfa'] }))).status).toBe(200)
    const reader = await setup.signIn(setup.describePerson('reader', { roles: ['reader'], amr: ['pwd'] }))
    expect((await asked(reader.browser)).status).toBe(200)
    const created = await setup.api.ask(
      setup.tenant.token,
      'mutation { createRole(input: {name: "heir", permissions: ["roles:view"], inheritedRoleIds: ["role_admin"]}) { ... on Role { id } } }',
    )
    const { id: roleId } = read<{ id: string }>(created.data, 'createRole')
    const { user } = await setup.viewerOf(reader.browser)
    await setup.api.ask(
      setup.tenant.token,
      'mutation ($input: AssignRoleInput!) { assignRole(input: $input) { __typename } }',
      { input: { userId: user.id, roleId } },
    )
    expect((await asked(reader.browser)).status).toBe(401)
  })

  it('to change roles is needed by a roll-back too that changes one, and by no other', async () => {
    const change = (mutation: string) => setup.api.ask(setup.tenant.token, `mutation { ${mutation} }`)
    const present = async () => {
      const { data } = await setup.api.ask(setup.tenant.token, '{ configuration { revision } }')
      return read<{ revision: number }>(data, 'configuration').revision
    }
    const made = await change('createRole(input: {name: "rolled", permissions: []}) { ... on Role { id } }')
    const { id } = read<{ id: string }>(made.data, 'createRole')
    const revision = await present()
    const { workspaceId } = setup.tenant
    const rollBack = `mutation { rollBackConfiguration(input: {revision: ${revision}, dryRun: true}) {
      ... on RolledBackConfiguration { dryRun } ... on Refusal { code } } }`
    await setPolicy([{ permissions: ['roles:*'] }])
    const [weak, strong] = [await signIn('weak', { amr: ['pwd'] }), await signIn('strong', { amr: ['mfa'] })]
    await change(`createTeam(input: {workspaceId: "${workspaceId}", name: "none of roles"}) { __typename }`)
    expect((await asked(weak, rollBack)).extensions).toEqual({})
    await change(`updateRole(input: {id: "${id}", permissions: ["teams:view"]}) { __typename }`)
    expect((await asked(weak, rollBack)).extensions).toMatchObject({ code: 'MFA_REQUIRED' })
    expect((await asked(strong, rollBack)).extensions).toEqual({})
  })

  it('hides by its id what it would refuse by name', async () => {
    await setPolicy([{ permissions: ['roles:view'] }])
    const browser = await signIn('peek', { amr: ['pwd'] })
    const { data } = await setup.ask(browser, '{ node(id: "role_admin") { id } }')
    expect(data).toEqual({ node: null })
  })

  it('is refused with the same words outside GraphQL', async () => {
    await setPolicy([{ permissions: ['usage:view'] }])
    const browser = await signIn('csv', { amr: ['pwd'] })
    const response = await browser.request(`${setup.url}/usage.csv`)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('insufficient_user_authentication')
    expect(await response.json()).toMatchObject({ error: { type: 'mfa_required' } })
  })
})

describe('an API token', () => {
  async function issue(browser: Browser): Promise<string> {
    const { data } = await setup.ask(
      browser,
      'mutation { issueApiToken(input: {name: "automation", role: ADMIN}) { ... on IssuedApiToken { secret } } }',
    )
    return read<{ secret: string }>(data, 'issueApiToken').secret
  }
  const status = async (token: string) => (await setup.api.ask(token, rolesQuery)).status

  it('passes where its issuer had proved as much, however long ago, and cannot step up itself', async () => {
    const [weak, strong] = [
      await issue(await signIn('issuer', { amr: ['pwd'] })),
      await issue(await signIn('issuer', { amr: ['mfa'] })),
    ]
    await setPolicy([{ permissions: ['roles:*'], maxAgeSeconds: 60 }])
    expect(await status(strong)).toBe(200)
    const refused = await setup.api.ask(weak, rolesQuery)
    expect(refused.errors[0]?.extensions).toMatchObject({ code: 'MFA_REQUIRED', stepUpUrl: null })
    expect(await status(setup.tenant.token)).toBe(200)
    await setPolicy([{ permissions: ['roles:*'], acrValues: ['phrh'] }])
    expect(await status(strong)).toBe(401)
    await setPolicy([{ permissions: ['roles:*'], exemptsTokens: true }])
    expect(await status(weak)).toBe(200)
  })

  it('that somebody rotates has what they have proved', async () => {
    const strong = await signIn('rotator', { amr: ['mfa'] })
    const issued = await setup.ask(
      strong,
      'mutation { issueApiToken(input: {name: "rotated", role: ADMIN}) { ... on IssuedApiToken { secret apiToken { id } } } }',
    )
    const { apiToken } = read<{ apiToken: { id: string } }>(issued.data, 'issueApiToken')
    const rotate = async (browser: Browser) => {
      const { data } = await setup.ask(
        browser,
        'mutation ($id: ID!) { rotateApiToken(input: {id: $id, overlapSeconds: 0}) { ... on IssuedApiToken { secret } } }',
        { id: apiToken.id },
      )
      return read<{ secret: string }>(data, 'rotateApiToken').secret
    }
    const [weak, again] = [await rotate(await signIn('rotator', { amr: ['pwd'] })), strong]
    await setPolicy([{ permissions: ['roles:*'] }])
    expect(await status(weak)).toBe(401)
    expect(await status(await rotate(again))).toBe(200)
  })

  it('that was issued with a token has no more than that', async () => {
    const weak = await issue(await signIn('parent', { amr: ['pwd'] }))
    const { data } = await setup.api.ask(
      weak,
      'mutation { issueApiToken(input: {name: "child", role: ADMIN}) { ... on IssuedApiToken { secret } } }',
    )
    await setPolicy([{ permissions: ['roles:*'] }])
    expect(await status(read<{ secret: string }>(data, 'issueApiToken').secret)).toBe(401)
  })
})

describe('a policy', () => {
  it('is refused to who would not pass it themselves', async () => {
    const browser = await signIn('setter', { amr: ['pwd'] })
    const set = (rules: object[]) => setup.ask(browser, setPolicyMutation, { input: { rules } })
    const refused = await set([{ permissions: ['teams:view'], amr: ['pwd'] }, { roleIds: ['role_viewer'] }])
    expect(refused.data?.setMfaPolicy).toMatchObject({ code: 'MFA_LOCKS_OUT' })
    const strong = await signIn('setter', { amr: ['mfa'] })
    const taken = await setup.ask(strong, setPolicyMutation, {
      input: { rules: [{ permissions: ['mfa_policy:*'] }] },
    })
    expect(taken.data?.setMfaPolicy).toHaveProperty('version')
    const weakened = await setup.ask(await signIn('setter', { amr: ['pwd'] }), setPolicyMutation, {
      input: { rules: [] },
    })
    expect(weakened.errors).toHaveLength(1)
  })

  it('is on record, before and after', async () => {
    await setPolicy([{ permissions: ['teams:view'], maxAgeSeconds: 60 }])
    const { data } = await setup.api.ask(
      setup.tenant.token,
      '{ auditEvents(filter: {type: "mfa_policy.set"}) { edges { node { details } } } }',
    )
    const details = nodesOf<{ details: { after: object[] } }>(data, 'auditEvents').map((one) => one.details)
    expect(details.some(({ after }) => JSON.stringify(after).includes('teams:view'))).toBe(true)
  })
})

describe('a step-up', () => {
  it('gives the session a new id and a new secret; the former cookie is dead at once', async () => {
    const browser = await signIn('rotated', { amr: ['mfa'] })
    const former = sessionCookie(browser)
    const before = read<{ id: string }[]>((await setup.ask(browser, '{ sessions { id } }')).data, 'sessions')
    expect(await stepUp(browser, 'rotated')).toEqual([200, undefined])
    const after = read<{ id: string }[]>((await setup.ask(browser, '{ sessions { id } }')).data, 'sessions')
    expect(after).toHaveLength(1)
    expect(after[0]?.id).not.toBe(before[0]?.id)
    expect((await asked(withCookie(former))).status).toBe(401)
    expect((await asked(browser)).status).toBe(200)
  })

  it('by somebody else is refused, and the session is as it was', async () => {
    await setPolicy([{ permissions: ['roles:*'] }])
    const browser = await signIn('victim', { amr: ['pwd'] })
    describe_('other', { amr: ['mfa'] })
    const elsewhere = withCookie(sessionCookie(browser))
    expect(await stepUp(elsewhere, 'other')).toEqual([403, 'step_up_other_person'])
    expect((await asked(browser)).extensions.code).toBe('MFA_REQUIRED')
    expect((await setup.viewerOf(browser)).name).toBe('Person victim')
  })

  it('is completed once, and by the browser and session that began it', async () => {
    const browser = await signIn('begins', { amr: ['mfa'] })
    const answer = await answerFor(browser, 'begins')
    const cookies = [...browser.cookiesOf(setup.url)]
    const stranger = new Browser()
    for (const [name, value] of cookies.filter(([name]) => name.includes('session'))) {
      stranger.setCookie(setup.url, name, value)
    }
    expect(codeOf(await (await stranger.request(answer)).text())).toBe('sign_in_unknown')
    expect((await browser.request(answer)).status).toBe(302)
    for (const [name, value] of cookies) browser.setCookie(setup.url, name, value)
    expect(codeOf(await (await browser.request(answer)).text())).toBe('sign_in_unknown')
  })

  it('lifts no other session of the same person that a browser brings meanwhile', async () => {
    const browser = await signIn('swapped', { amr: ['mfa'] })
    const answer = await answerFor(browser, 'swapped')
    const planted = await signIn('swapped', { amr: ['pwd'] })
    browser.setCookie(setup.url, ...(sessionCookie(planted) as [string, string]))
    expect(codeOf(await (await browser.request(answer)).text())).toBe('session_needed')
  })

  it('is refused where the provider confirms less than was asked for, whatever its answer is made to say', async () => {
    await setPolicy([{ permissions: ['roles:*'], acrValues: ['phr'] }])
    const browser = await signIn('weaker', { amr: ['mfa'], acr: 'urn:okta:loa:1fa:any' })
    expect(await stepUp(browser, 'weaker', '?acr_values=phr')).toEqual([403, 'step_up_unmet'])
    const answer = new URL(await answerFor(browser, 'weaker', '?acr_values=phr'))
    answer.searchParams.set('acr', 'phr')
    answer.searchParams.set('acr_values', 'phr')
    expect(codeOf(await (await browser.request(answer.href)).text())).toBe('step_up_unmet')
    expect((await asked(browser)).extensions.code).toBe('MFA_REQUIRED')
  })

  it('says in words that the provider cannot ask for the factors', async () => {
    const browser = await signIn('factorless', { amr: ['pwd'] })
    const answer = new URL(await answerFor(browser, 'factorless'))
    answer.searchParams.delete('code')
    answer.searchParams.set('error', 'unmet_authentication_requirements')
    const response = await browser.request(answer.href)
    const page = await response.text()
    expect([response.status, codeOf(page)]).toEqual([403, 'step_up_unmet'])
    expect(page).toContain('You are signed in as before')
    expect((await asked(browser)).status).toBe(200)
  })

  it('asks the provider for the classes, for the age, and for the person themselves', async () => {
    const browser = await signIn('asking', { amr: ['mfa'] })
    const urlOf = async (query: string) => {
      const response = await browser.request(`${setup.url}/auth/step-up${query}`)
      return Object.fromEntries(new URL(response.headers.get('location') ?? '').searchParams)
    }
    expect(await urlOf('?max_age=300')).toMatchObject({
      ...{ acr_values: 'urn:okta:loa:2fa:any', max_age: '300', prompt: 'login' },
    })
    expect(await urlOf('?acr_values=phr%20phrh')).toMatchObject({ acr_values: 'phr phrh', prompt: 'login' })
  })

  it.each([
    ['?max_age=-1', 'step_up_invalid'],
    ['?max_age=99999', 'step_up_invalid'],
    ['?max_age=1&max_age=2', 'step_up_invalid'],
    ['?acr_values=a%0d%0ab', 'step_up_invalid'],
    ['?acr_values=%22', 'step_up_invalid'],
    [`?amr=${'a%20'.repeat(21)}b`, 'step_up_invalid'],
    ['?returnTo=//evil.example', 'return_to_invalid'],
  ])('is not begun by %s', async (query, code) => {
    strict ??= await signIn('strict', { amr: ['mfa'] })
    const browser = strict
    const response = await browser.request(`${setup.url}/auth/step-up${query}`)
    expect([response.status, codeOf(await response.text())]).toEqual([400, code])
  })

  it('is nothing for a browser in which nobody is signed in', async () => {
    const response = await new Browser().request(`${setup.url}/auth/step-up`)
    expect([response.status, codeOf(await response.text())]).toEqual([401, 'session_needed'])
  })

  it('is on record, and so is one that is refused', async () => {
    const { data } = await setup.api.ask(
      setup.tenant.token,
      '{ stepped: auditEvents(filter: {type: "user.stepped_up"}) { totalCount } refused: auditEvents(filter: {type: "user.sign_in_refused"}) { edges { node { details } } } }',
    )
    expect(read<{ totalCount: number }>(data, 'stepped').totalCount).toBeGreaterThan(0)
    expect(JSON.stringify(data?.refused)).toContain('step_up_other_person')
  })
})
