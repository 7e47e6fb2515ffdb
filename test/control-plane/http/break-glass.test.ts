import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import { authenticatorCode } from '../../environment/authenticator.ts'
import { read, startApi, type Tenant, type TestApi } from '../api.ts'

const password = 'correct horse battery'
const statusToken = 'a-token-of-sixteen-or-more'
const minuteMs = 60_000
let nowMs = Date.parse('2026-03-01T12:00:00Z')
let api: TestApi
let tenant: Tenant

beforeAll(async () => {
  api = await startApi({
    ...{ now: () => nowMs, trustedProxies: ['127.0.0.1'], statusToken },
    graphql: { requestsPerMinuteOfAddress: 10_000 },
  })
  tenant = await api.createTenant('Acme')
})
afterAll(() => api.close())
// Each test has time of its own, in which earlier failures are forgotten.
beforeEach(() => {
  nowMs += 60 * minuteMs
})

const codeOf = (uri: string, at = nowMs) => authenticatorCode(uri, at)

interface Post {
  readonly origin?: string
  /** Where the request comes from. */
  readonly from?: string
  readonly cookie?: string
}

function post(path: string, body: object, { origin, from = '192.0.2.1', cookie }: Post = {}) {
  return fetch(`${api.controlPlane.url}/auth/break-glass${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...{ origin: origin ?? api.controlPlane.url, 'x-forwarded-for': from },
      ...(cookie !== undefined && { cookie }),
    },
    body: JSON.stringify(body),
  })
}

async function mutate(field: string, input: object, selection: string, token = tenant.token) {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const { data, errors } = await api.ask(
    token,
    `mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} ... on Refusal { code message } } }`,
    { input },
  )
  if (errors.length > 0) throw new Error(errors[0]?.message)
  return read<Record<string, string>>(data, field)
}

let count = 0
async function createUser(roleId: string | null = 'role_admin') {
  const email = `person-${++count}@example.com`
  const { id: userId = '' } = await mutate('createUser', { name: `P${count}`, email }, '... on User { id }')
  if (roleId !== null) await mutate('assignRole', { userId, roleId }, '... on RoleAssignment { id }')
  return { userId, email }
}

const grant = async (userId: string) =>
  (await mutate('grantBreakGlass', { userId }, '... on GrantedBreakGlass { enrolmentSecret }'))
    .enrolmentSecret ?? ''

/** Somebody who can sign in, a minute ago. */
async function enrolled(roleId?: string) {
  const person = await createUser(roleId)
  const enrolmentSecret = await grant(person.userId)
  const begun = await post('/enrolment', { enrolmentSecret, password })
  const { totpUri } = (await begun.json()) as { totpUri: string }
  const confirmed = await post('/enrolment/confirmation', { enrolmentSecret, code: codeOf(totpUri) })
  expect(confirmed.status).toBe(204)
  nowMs += minuteMs
  return { ...person, totpUri, enrolmentSecret }
}

type Person = Awaited<ReturnType<typeof enrolled>>

const signIn = (
  { email, totpUri }: Pick<Person, 'email' | 'totpUri'>,
  changes: object = {},
  options: Post = {},
) =>
  post(
    '',
    { organization: tenant.organizationId, user: email, password, code: codeOf(totpUri), ...changes },
    options,
  )

const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? ''

async function viewer(cookie: string) {
  const response = await fetch(`${api.controlPlane.url}/graphql`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ viewer { user { id } role { name } } }' }),
  })
  const { data } = (await response.json()) as { data?: { viewer: unknown } }
  return { status: response.status, viewer: data?.viewer }
}

async function audited(type: string) {
  const { data } = await api.ask(
    tenant.token,
    'query ($type: String!) { auditEvents(filter: {type: $type}) { edges { node { outcome subject { id } details } } } }',
    { type },
  )
  const { edges } = read<{
    edges: { node: { outcome: string; subject: { id: string }; details: Record<string, unknown> } }[]
  }>(data, 'auditEvents')
  return edges.map(({ node }) => node)
}

describe('a break-glass user', () => {
  it('signs in with password and code, with the rights of their roles, for an hour at most [S3-06]', async () => {
    const person = await enrolled()
    const response = await signIn(person)
    expect(response.status).toBe(200)
    const { expiresAt } = (await response.json()) as { expiresAt: string }
    expect(Date.parse(expiresAt)).toBe(nowMs + 60 * minuteMs)
    const cookie = cookieOf(response)
    expect(await viewer(cookie)).toEqual({
      status: 200,
      viewer: { user: { id: person.userId }, role: { name: 'admin' } },
    })
    for (let minutes = 0; minutes < 60; minutes += 20) {
      expect((await viewer(cookie)).status).toBe(200)
      nowMs += 20 * minuteMs
    }
    expect((await viewer(cookie)).status).toBe(401)
  })

  it('raises an alert with each use: audit log, log and metric', async () => {
    const person = await enrolled()
    await signIn(person)
    const [event] = await audited('break_glass.used')
    expect(event).toMatchObject({
      ...{ outcome: 'succeeded', subject: { id: person.userId } },
      details: { severity: 'high', address: '192.0.2.1' },
    })
    const line = api.logged.findLast((one) => one.includes('a break-glass password was used')) ?? '{}'
    expect(JSON.parse(line)).toMatchObject({ level: 50, userId: person.userId })
    const metrics = await (
      await fetch(`${api.controlPlane.url}/metrics`, { headers: { authorization: `Bearer ${statusToken}` } })
    ).text()
    expect(metrics).toMatch(/gatehouse_break_glass_sign_ins_total\{outcome="succeeded"\} [1-9]/)
  })

  it('is a user to whom an admin granted it, enrolled, active, and with a role', async () => {
    const person = await enrolled()
    const ungranted = await createUser()
    expect((await signIn({ ...person, email: ungranted.email })).status).toBe(401)
    await mutate('revokeBreakGlass', { userId: person.userId }, '... on User { id }')
    expect((await signIn(person)).status).toBe(401)
    const inactive = await enrolled()
    await mutate('updateUser', { id: inactive.userId, active: false }, '... on User { id }')
    expect((await signIn(inactive)).status).toBe(401)
    const withoutRole = await createUser(null)
    expect(await grant(withoutRole.userId)).not.toBe('')
  })

  it('signs in by a form too, and is sent to the page', async () => {
    const { email, totpUri } = await enrolled()
    const response = await fetch(`${api.controlPlane.url}/auth/break-glass`, {
      ...{ method: 'POST', redirect: 'manual', headers: { origin: api.controlPlane.url } },
      body: new URLSearchParams({
        ...{ organization: tenant.organizationId, user: email, password, code: codeOf(totpUri) },
      }),
    })
    expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
    expect((await viewer(cookieOf(response))).status).toBe(200)
  })

  it('has on record which sessions of theirs give way to another one', async () => {
    const person = await enrolled()
    const reasons = async () =>
      (await audited('session.ended'))
        .filter(({ details }) => details.userId === person.userId)
        .map(({ details }) => [details.providerId, details.reason])
    let cookie = ''
    for (let count = 0; count < 10; count++) {
      cookie = cookieOf(await signIn(person))
      nowMs += minuteMs
    }
    expect(await reasons()).toEqual([])
    await signIn(person, {}, { cookie })
    expect(await reasons()).toEqual([['break_glass', 'signed_in_anew']])
    nowMs += minuteMs
    await signIn(person)
    expect((await reasons()).toSorted()).toEqual([
      ['break_glass', 'evicted'],
      ['break_glass', 'signed_in_anew'],
    ])
  })

  it.each(['revoked', 'granted anew'])('has on record which sessions end when it is %s', async (how) => {
    const person = await enrolled()
    await signIn(person)
    if (how === 'granted anew') await grant(person.userId)
    else await mutate('revokeBreakGlass', { userId: person.userId }, '... on User { id }')
    const ends = (await audited('session.ended')).filter(({ details }) => details.userId === person.userId)
    expect(ends).toMatchObject([{ details: { providerId: 'break_glass', reason: 'break_glass_revoked' } }])
  })

  it('is signed in by no page of another site', async () => {
    const person = await enrolled()
    for (const origin of ['https://evil.example', 'null']) {
      expect((await signIn(person, {}, { origin })).status).toBe(403)
    }
    expect((await signIn(person)).status).toBe(200)
  })

  it('stays signed in over the checks of sessions, and not once it is revoked', async () => {
    const person = await enrolled()
    const cookie = cookieOf(await signIn(person))
    nowMs += 16 * minuteMs
    await viewer(cookie)
    await checkSessions(api.controlPlane.services, { checkMs: 15 * minuteMs })
    expect((await viewer(cookie)).status).toBe(200)
    await mutate('revokeBreakGlass', { userId: person.userId }, '... on User { id }')
    expect((await viewer(cookie)).status).toBe(401)
  })
})

describe('a break-glass sign-in is refused', () => {
  it.each([
    ['a wrong password', { password: 'correct horse batterY' }],
    ['a wrong code', { code: '000000' }],
    ['no code', { code: 'x' }],
    ['the user’s id of nobody', { user: 'usr_nobody' }],
  ])('with %s, by one answer', async (_what, changes) => {
    const response = await signIn(await enrolled(), changes)
    const { error } = (await response.json()) as { error: { type: string } }
    expect([response.status, error.type]).toEqual([401, 'break_glass_refused'])
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it.each([
    ['an unknown field', { admin: 'true' }],
    ['an object in place of a text', { password: { $ne: '' } }],
    ['a password of a megabyte', { password: 'x'.repeat(10_000) }],
  ])('with %s, before anything is judged', async (_what, changes) => {
    expect((await signIn(await enrolled(), changes)).status).toBe(400)
  })

  it('with a code that was used, also by two at once', async () => {
    const person = await enrolled()
    const both = await Promise.all([signIn(person), signIn(person)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401])
    expect((await signIn(person)).status).toBe(401)
    nowMs += 30_000
    expect((await signIn(person)).status).toBe(200)
  })
})

describe('after five failures', () => {
  const fail = (person: Person, options: Post = {}) =>
    signIn(person, { password: 'wrong horse battery' }, options)

  it('a user is locked for 15 minutes from there, and from nowhere else', async () => {
    const person = await enrolled()
    for (let attempt = 0; attempt < 5; attempt++) expect((await fail(person)).status).toBe(401)
    const locked = await signIn(person)
    expect([locked.status, locked.headers.get('retry-after')]).toEqual([429, '900'])
    expect((await signIn(person, {}, { from: '198.51.100.7' })).status).toBe(200)
    nowMs += 15 * minuteMs - 1
    expect((await signIn(person)).status).toBe(429)
    nowMs += 1
    expect((await signIn(person)).status).toBe(200)
  })

  it('the sixth of many at once is not judged', async () => {
    const person = await enrolled()
    const all = await Promise.all(Array.from({ length: 8 }, () => fail(person)))
    const statuses = all.map(({ status }) => status).sort()
    expect(statuses.filter((status) => status === 401)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(3)
  })

  it('somebody unknown is locked like anybody', async () => {
    const nobody = { ...(await enrolled()), email: 'nobody@example.com' }
    for (let attempt = 0; attempt < 5; attempt++) expect((await fail(nobody)).status).toBe(401)
    expect((await fail(nobody)).status).toBe(429)
  })

  it('whoever has the password tries no more codes, from wherever, and is not told', async () => {
    const person = await enrolled()
    const guess = (index: number) => signIn(person, { code: '000000' }, { from: `203.0.113.${index}` })
    for (let index = 1; index <= 5; index++) expect((await guess(index)).status).toBe(401)
    const right = await signIn(person, {}, { from: '203.0.113.99' })
    expect(right.status).toBe(401)
    nowMs += 15 * minuteMs
    expect((await signIn(person)).status).toBe(200)
  })

  it('each of them is on record, and those of unknown people are not', async () => {
    const person = await enrolled()
    const before = (await audited('break_glass.refused')).length
    await fail(person)
    await fail({ ...person, email: 'nobody@example.com' })
    const after = await audited('break_glass.refused')
    expect(after.length).toBe(before + 1)
    expect(after[0]).toMatchObject({ outcome: 'denied', subject: { id: person.userId } })
  })
})

describe('an enrolment', () => {
  it('works once, for a day, and not with a weak password', async () => {
    const { userId } = await createUser()
    const enrolmentSecret = await grant(userId)
    const weak = await post('/enrolment', { enrolmentSecret, password: 'password12345' })
    expect(weak.status).toBe(400)
    const unconfirmed = await post('/enrolment/confirmation', { enrolmentSecret, code: '000000' })
    expect(unconfirmed.status).toBe(401)
    nowMs += 24 * 60 * minuteMs
    expect((await post('/enrolment', { enrolmentSecret, password })).status).toBe(401)
    const person = await enrolled()
    const again = await post('/enrolment', { enrolmentSecret: person.enrolmentSecret, password })
    expect(again.status).toBe(401)
  })

  it('granted anew leaves nothing of the former one', async () => {
    const person = await enrolled()
    const cookie = cookieOf(await signIn(person))
    await grant(person.userId)
    nowMs += minuteMs
    expect((await viewer(cookie)).status).toBe(401)
    expect((await signIn(person)).status).toBe(401)
  })

  it('is granted by nobody for a user who may do more than they', async () => {
    const { userId } = await createUser()
    const { id: roleId = '' } = await mutate(
      'createRole',
      { name: 'doors', permissions: ['identity_providers:update', 'roles:assign', 'users:view'] },
      '... on Role { id }',
    )
    const { secret = '' } = await mutate(
      'issueApiToken',
      { name: 'doors', roleId },
      '... on IssuedApiToken { secret }',
    )
    const refused = await mutate('grantBreakGlass', { userId }, '__typename', secret)
    expect(refused).toMatchObject({ code: 'RIGHTS_EXCEEDED' })
  })

  it('stores neither password nor secret in clear, nor logs or records them', async () => {
    const { totpUri, enrolmentSecret } = await enrolled()
    const stored = await api.controlPlane.database.transaction(tenant.organizationId, (em) =>
      em.execute(
        'select to_jsonb(account)::text as text from break_glass_accounts account union all select to_jsonb(event)::text from audit_events event',
      ),
    )
    const seen = JSON.stringify(stored) + api.logged.join('\n')
    const secret = new URL(totpUri).searchParams.get('secret') ?? ''
    for (const one of [password, secret, enrolmentSecret.split('.')[1] ?? '']) expect(seen).not.toContain(one)
  })
})
