import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemActor } from '../../control-plane/actor.ts'
import { setBudget } from '../../control-plane/modules/budgets/service.ts'
import { addMember } from '../../control-plane/modules/memberships/service.ts'
import { assignRole } from '../../control-plane/modules/roles/assignments.ts'
import { createUser, updateUser } from '../../control-plane/modules/users/service.ts'
import { issueVirtualKey } from '../../control-plane/modules/virtual-keys/service.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { eventually } from '../transport/poll.ts'

let gateway: Gateway
const names = (function* () {
  for (let number = 1; ; number++) yield `person ${number}`
})()

beforeAll(async () => {
  gateway = await startGateway({ dataPlanes: 2 })
}, 60_000)
afterAll(() => gateway.stop())

const services = () => gateway.controlPlane.services
const actor = () => systemActor(gateway.organizationId)

function rows<T extends object>(sql: string): Promise<T[]> {
  return services().database.transaction(gateway.organizationId, (em) => em.execute<T[]>(sql))
}

async function only(table: string): Promise<{ id: string; workspace_id: string }> {
  const [row] = await rows<{ id: string; workspace_id: string }>(`select * from ${table}`)
  if (!row) throw new Error(`there are no ${table}`)
  return row
}

async function issueKey(
  owner: { userId: string } | { teamId: string },
): Promise<{ id: string; secret: string }> {
  const { workspace_id: workspaceId } = await only('teams')
  const { id: providerId } = await only('providers')
  const { virtualKey, secret } = await issueVirtualKey(services(), actor(), {
    ...{ workspaceId, owner, name: `key of ${names.next().value}` },
    providerConfigs: [{ providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] }],
  })
  return { id: virtualKey.id, secret }
}

interface Person {
  readonly userId: string
  readonly sessionId: string
  /** The Cookie header of the browser. */
  readonly cookie: string
}

async function signIn(userId: string): Promise<Person> {
  const { organizationId } = gateway
  const begun = await services().sessions.begin({
    ...{ organizationId, userId, providerId: 'idp_test', subject: userId, providerSessionId: null },
    ...{ userAgent: '', address: '127.0.0.1', authenticatedAt: Date.now() },
    ...{ authenticationMethods: ['pwd', 'mfa'], authenticationClass: 'gold' },
    authenticationContexts: [],
    secrets: { idToken: 'none', refreshToken: null },
  })
  if (begun === 'too_many_sessions') throw new Error('too many sessions')
  return { userId, sessionId: begun.session.id, cookie: begun.cookie.split(';')[0] ?? '' }
}

/** Somebody who is signed in, with so many keys of their own. */
async function newPerson(keys = 1) {
  const { id: userId } = await createUser(services(), actor(), { name: names.next().value })
  await assignRole(services(), actor(), { userId, roleId: 'role_viewer', workspaceId: null })
  const owned = []
  for (let count = 0; count < keys; count++) owned.push(await issueKey({ userId }))
  return { ...(await signIn(userId)), owned }
}

async function tokenOf({ cookie }: Person): Promise<string> {
  const { url } = gateway.controlPlane
  const response = await fetch(`${url}/auth/token`, { method: 'POST', headers: { cookie, origin: url } })
  const { access_token: token } = (await response.json()) as { access_token: string }
  await gateway.applied()
  return token
}

interface Ask {
  readonly token?: string
  readonly key?: string
}

/** What each of the data planes says. */
function ask({ token, key }: Ask) {
  return Promise.all(
    gateway.dataPlanes.map(async ({ url }) => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(key !== undefined && { 'x-bf-vk': key }),
        },
        body: JSON.stringify({
          model: 'demo/demo-chat',
          max_tokens: 5,
          messages: [{ role: 'user', content: 'x' }],
        }),
      })
      const { error } = (await response.json()) as { error?: { code: string; message: string } }
      return error ? `${response.status} ${error.code}` : String(response.status)
    }),
  )
}

const everywhere = (answer: string) => [answer, answer]

async function refusedEverywhere(credentials: Ask, answer: string): Promise<void> {
  await eventually(`both data planes answer ${answer}`, async () => {
    const answers = await ask(credentials)
    return answers.every((one) => one === answer) || undefined
  })
}

describe('an access token of somebody who is signed in', () => {
  it('calls every data plane as its user, with the only key that they own [S0-28]', async () => {
    const person = await newPerson()
    expect(await ask({ token: await tokenOf(person) })).toEqual(everywhere('200'))
    await eventually('the calls are recorded', async () => {
      const found = await rows<{ user_id: string; virtual_key_id: string }>(
        `select user_id, virtual_key_id from usage_records where user_id = '${person.userId}'`,
      )
      return found.length === 2 && found.every(({ virtual_key_id: id }) => id === person.owned[0]?.id)
        ? true
        : undefined
    })
  })

  it('is a JWT access token for data planes alone, for a quarter of an hour [S0-27]', async () => {
    const person = await newPerson()
    const token = await tokenOf(person)
    const { organizationId } = gateway
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' })
    const claims = decodeJwt(token)
    expect(claims).toMatchObject({
      ...{ iss: `urn:gatehouse:${organizationId}`, aud: `urn:gatehouse:${organizationId}:data-planes` },
      ...{ sub: person.userId, sid: person.sessionId, org: organizationId, amr: ['pwd', 'mfa'], acr: 'gold' },
    })
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900)
    const asked = await gateway.graphql('{ viewer { name } }', {}, token)
    expect(asked.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('is given over POST /auth/token, to a page of ours alone', async () => {
    const person = await newPerson()
    const { url } = gateway.controlPlane
    const post = (origin: string) =>
      fetch(`${url}/auth/token`, { method: 'POST', headers: { cookie: person.cookie, origin } })
    expect((await post('https://evil.example')).status).toBe(403)
    const response = await post(url)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const answer = (await response.json()) as { access_token: string; token_type: string; expires_in: number }
    expect(answer).toMatchObject({ token_type: 'Bearer' })
    expect(answer.expires_in).toBeGreaterThan(800)
    await gateway.applied()
    expect(await ask({ token: answer.access_token })).toEqual(everywhere('200'))
  })

  it('is given to nobody who only has an API token', async () => {
    const { url } = gateway.controlPlane
    const headers = { authorization: `Bearer ${gateway.adminToken}`, origin: url }
    expect((await fetch(`${url}/auth/token`, { method: 'POST', headers })).status).toBe(401)
  })

  it('that was altered is refused, and the good key beside it changes nothing [S3-07]', async () => {
    const person = await newPerson()
    const [head, body, signature = ''] = (await tokenOf(person)).split('.')
    const forged = [head, body, signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))].join('.')
    const refused = everywhere('401 authentication_required')
    expect(await ask({ token: forged })).toEqual(refused)
    expect(await ask({ token: forged, key: person.owned[0]?.secret ?? '' })).toEqual(refused)
  })
})

describe('the key of a call with a token [C1]', () => {
  it('is none for a user without a key', async () => {
    const token = await tokenOf(await newPerson(0))
    expect(await ask({ token })).toEqual(everywhere('401 virtual_key_required'))
  })

  it('is the chosen one of several, and none before it is chosen', async () => {
    const person = await newPerson(2)
    const token = await tokenOf(person)
    expect(await ask({ token })).toEqual(everywhere('401 virtual_key_required'))
    const choose = (virtualKeyId: string | undefined) =>
      gateway.graphql(
        `mutation ($input: SetDefaultVirtualKeyInput!) { setDefaultVirtualKey(input: $input) {
           ... on User { defaultVirtualKey { id } } ... on Refusal { code } } }`,
        { input: { userId: person.userId, virtualKeyId } },
      )
    const [first, second] = person.owned
    const chosen = await choose(second?.id)
    expect(chosen.data).toEqual({ setDefaultVirtualKey: { defaultVirtualKey: { id: second?.id } } })
    await gateway.applied()
    expect(await ask({ token })).toEqual(everywhere('200'))
    await gateway.graphql('mutation ($id: ID!) { revokeVirtualKey(input: {id: $id}) { __typename } }', {
      id: second?.id,
    })
    await refusedEverywhere({ token }, '403 virtual_key_blocked')
    expect(await ask({ token, key: first?.secret ?? '' })).toEqual(everywhere('200'))
    const foreign = await choose((await newPerson()).owned[0]?.id)
    expect(foreign.data).toEqual({ setDefaultVirtualKey: { code: 'NOT_FOUND' } })
  })

  it('may be one of a team of the user, whose budget is charged too, and nobody else’s', async () => {
    const person = await newPerson()
    const token = await tokenOf(person)
    const { id: teamId } = await only('teams')
    const { secret: key } = await issueKey({ teamId })
    await gateway.applied()
    expect(await ask({ token, key })).toEqual(everywhere('403 user_not_authorized'))
    await addMember(services(), actor(), { userId: person.userId, teamId })
    await gateway.applied()
    expect(await ask({ token, key })).toEqual(everywhere('200'))
    const owner = { kind: 'user', id: person.userId } as const
    await setBudget(services(), actor(), { owner, limitNanoUsd: 1n, period: 'NONE' })
    await gateway.applied()
    await refusedEverywhere({ token, key }, '402 budget_exceeded')
    expect(await ask({ key })).toEqual(everywhere('200'))
    const other = await newPerson()
    await gateway.applied()
    expect(await ask({ token, key: other.owned[0]?.secret ?? '' })).toEqual(
      everywhere('403 user_not_authorized'),
    )
  })
})

describe('is refused by every data plane', () => {
  const refused = '401 authentication_required'

  it('once its session is revoked, while another session of the user goes on [S3-30, S3-43]', async () => {
    const person = await newPerson()
    const other = await signIn(person.userId)
    const [token, otherToken] = [await tokenOf(person), await tokenOf(other)]
    expect(await ask({ token })).toEqual(everywhere('200'))
    await gateway.graphql('mutation ($id: ID!) { revokeSession(input: {id: $id}) { __typename } }', {
      id: person.sessionId,
    })
    await refusedEverywhere({ token }, refused)
    expect(await ask({ token: otherToken })).toEqual(everywhere('200'))
    expect(await ask({ key: person.owned[0]?.secret ?? '' })).toEqual(everywhere('200'))
  })

  it('once all sessions of its user are revoked', async () => {
    const person = await newPerson()
    const tokens = [await tokenOf(person), await tokenOf(await signIn(person.userId))]
    await gateway.graphql(
      'mutation ($userId: ID!) { revokeSessionsOfUser(input: {userId: $userId}) { __typename } }',
      { userId: person.userId },
    )
    for (const token of tokens) await refusedEverywhere({ token }, refused)
  })

  it('once the sessions that began before its own, and it, are revoked of everybody', async () => {
    const person = await newPerson()
    const before = new Date(Date.now() + 1)
    await eventually('that time is over', async () => Date.now() > before.getTime() || undefined)
    const later = await signIn(person.userId)
    const [token, laterToken] = [await tokenOf(person), await tokenOf(later)]
    expect(await ask({ token })).toEqual(everywhere('200'))
    await gateway.graphql(
      'mutation ($before: DateTime!) { revokeAllSessions(input: {before: $before}) { before } }',
      { before },
    )
    await refusedEverywhere({ token }, refused)
    expect(await ask({ token: laterToken })).toEqual(everywhere('200'))
  })

  it('once its user has signed out', async () => {
    const person = await newPerson()
    const token = await tokenOf(person)
    const { url } = gateway.controlPlane
    await fetch(`${url}/auth/logout`, { method: 'POST', headers: { cookie: person.cookie, origin: url } })
    await refusedEverywhere({ token }, refused)
  })

  it('once its user is inactive, with their virtual keys, which work again when the user is active and has to sign in again', async () => {
    const person = await newPerson()
    const token = await tokenOf(person)
    const key = person.owned[0]?.secret ?? ''
    await updateUser(services(), actor(), { id: person.userId, active: false })
    await refusedEverywhere({ token }, refused)
    await refusedEverywhere({ key }, '403 virtual_key_blocked')
    await updateUser(services(), actor(), { id: person.userId, active: true })
    await gateway.applied()
    expect(await ask({ key })).toEqual(everywhere('200'))
    expect(await ask({ token })).toEqual(everywhere(refused))
    expect(await ask({ token: await tokenOf(await signIn(person.userId)) })).toEqual(everywhere('200'))
  })
})

it('a session that had no token ends without a new revision of the configuration', async () => {
  const person = await newPerson()
  const revision = () => rows<{ revision: string }>('select max(revision) as revision from config_revisions')
  const before = await revision()
  await services().sessions.end({ organizationId: gateway.organizationId, id: person.sessionId })
  expect(await revision()).toEqual(before)
})
