import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientSecretPlace } from '../../../../control-plane/modules/identity-providers/secret.ts'
import { read } from '../../api.ts'
import { endsOf } from '../../http/signed-in.ts'
import { type ApprovalWorld, type Person, startApprovalWorld } from './approval-world.ts'

let world: ApprovalWorld
let ada: Person
let ben: Person
let eve: Person
beforeAll(async () => {
  world = await startApprovalWorld()
  ;({ ada, ben, eve } = world)
}, 60_000)
afterAll(() => world.setup.close())

let count = 0
const secret = 'the-secret-that-nobody-reads'
const okta = () => ({
  ...{ name: `idp-${++count}`, kind: 'OKTA', issuer: `https://${count}.okta.example` },
  ...{ clientId: 'gatehouse', clientSecret: secret },
})
/** What there is before the change, made without a second person. */
const given = async (field: string, input: object) => {
  await world.sql('delete from access_approvals')
  const { id = '', ...rest } = await world.mutate(ada, field, input)
  if (id === '') throw new Error(JSON.stringify(rest))
  await world.require()
  return id
}
const role = () => given('createRole', { name: `role ${++count}`, permissions: ['teams:view'] })
const provider = () => given('createIdentityProvider', okta())
const issuer = (identityProviderId: string) => ({
  ...{ name: `issuer ${++count}`, issuer: `https://${count}.tokens.example`, identityProviderId },
  ...{ audiences: ['api://gatehouse'], algorithm: 'HS256', secret: `${secret} of tokens` },
})
const jwtProvider = async () => given('createJwtProvider', issuer(await provider()))
const identity = () => ({
  ...{ userId: eve.userId, identityProviderId: world.setup.providerId, subject: `subject ${++count}` },
})

/** Every mutation that waits, with something that it changes. */
const guarded: Readonly<Record<string, () => Promise<object>>> = {
  createRole: async () => ({ name: `role ${++count}`, permissions: ['teams:view'] }),
  updateRole: async () => ({ id: await role(), permissions: ['teams:*'] }),
  deleteRole: async () => ({ id: await role() }),
  assignRole: async () => ({ userId: eve.userId, roleId: await role() }),
  removeRoleAssignment: async () => ({
    id: await given('assignRole', { userId: eve.userId, roleId: await role() }),
  }),
  createIdentityProvider: async () => okta(),
  updateIdentityProvider: async () => ({ id: await provider(), clientSecret: `${secret}-2` }),
  setIdentityProviderEnabled: async () => {
    const id = await provider()
    await world.sql('update identity_providers set verified_at = now() where id = ?', [id])
    return { id, enabled: true }
  },
  deleteIdentityProvider: async () => ({ id: await provider() }),
  setDirectory: async () => ({ identityProviderId: await provider(), secret: `${secret}-3` }),
  removeDirectory: async () => {
    const identityProviderId = await provider()
    await given('setDirectory', { identityProviderId, secret })
    return { identityProviderId }
  },
  createJwtProvider: async () => issuer(await provider()),
  updateJwtProvider: async () => ({ id: await jwtProvider(), secret: `${secret} of tokens, 4` }),
  setJwtProviderEnabled: async () => ({ id: await jwtProvider(), enabled: true }),
  deleteJwtProvider: async () => ({ id: await jwtProvider() }),
  linkIdentity: async () => identity(),
  unlinkIdentity: async () => {
    const linked = identity()
    await given('linkIdentity', linked)
    return linked
  },
  setAccessApproval: async () => {
    await world.require()
    return { requireApprovalForAccessChanges: false }
  },
}

const accessTables = [
  ...[
    'roles',
    'role_assignments',
    'identity_providers',
    'jwt_providers',
    'user_identities',
    'access_approvals',
  ],
]
const access = async () => {
  const found = await Promise.all(accessTables.map((table) => world.sql(`select * from ${table} order by 1`)))
  return JSON.stringify(found)
}

describe('a second person approves it before anything changes', () => {
  it.each(Object.keys(guarded))('%s', async (field) => {
    const input = await guarded[field]?.()
    await world.require()
    const before = await access()
    const change = await world.request(ada, field, input ?? {})
    expect(change.mutation).toBe(field)
    expect(change.effects.length).toBeGreaterThan(0)
    expect(await access()).toBe(before)
    expect(await world.decide(ada, 'approve', change.id)).toMatchObject({ code: 'SECOND_PERSON_REQUIRED' })
    expect(await access()).toBe(before)
    expect(await world.decide(ben, 'approve', change.id)).toMatchObject({ status: 'APPROVED' })
    expect(await access()).not.toBe(before)
  })

  it('and no other mutation says that it would wait', async () => {
    const { data } = await world.ask(ada, '{ __schema { types { name possibleTypes { name } } } }')
    const { types } = read<{
      types: { name: string; possibleTypes: { name: string }[] | null }[]
    }>(data, '__schema')
    const waiting = types
      .filter(({ possibleTypes }) => possibleTypes?.some(({ name }) => name === 'AccessApprovalRequired'))
      .map(({ name }) => name)
      .filter((name) => name.endsWith('Result'))
    const results = Object.keys(guarded).map(
      (name) => `${name.charAt(0).toUpperCase()}${name.slice(1)}Result`,
    )
    expect(waiting.sort()).toEqual(results.sort())
  })
})

describe('a secret that waits', () => {
  it('is nowhere to be read, works once it is approved, and then waits no more', async () => {
    await world.require()
    const { issuer: _, ...rest } = okta()
    const wanted = `waiting-secret-${Math.random()}`
    const change = await world.request(ada, 'createIdentityProvider', {
      ...{ ...rest, issuer: 'https://waiting.okta.example', clientSecret: wanted },
    })
    const stored = async () =>
      JSON.stringify(
        await Promise.all(
          ['access_changes', 'audit_events'].map((name) => world.sql(`select * from ${name}`)),
        ),
      )
    expect(change.fields).toContain('clientSecret')
    expect(JSON.stringify(change)).not.toContain(wanted)
    expect(await stored()).not.toContain(wanted)
    expect(await stored()).not.toContain(Buffer.from(wanted).toString('base64').slice(0, 20))
    const approved = await world.decide(ben, 'approve', change.id)
    expect(await world.sql('select sealed_request from access_changes where id = ?', [change.id])).toEqual([
      { sealed_request: null },
    ])
    const id = approved.effects?.[0]?.subjectId ?? ''
    const [row] = await world.sql<{ sealed: string }>(
      'select sealed_client_secret as sealed from identity_providers where id = ?',
      [id],
    )
    const { secrets } = world.setup.api.controlPlane.services
    const place = clientSecretPlace({ organizationId: world.setup.tenant.organizationId, id })
    expect(secrets.openValue(place, row?.sealed ?? '')).toBe(wanted)
  })

  it.each(['reject', 'withdraw'] as const)('is deleted by whoever comes to %s it', async (verb) => {
    await world.require()
    const { id } = await world.request(ada, 'createIdentityProvider', okta())
    await world.decide(verb === 'reject' ? ben : ada, verb, id)
    expect(await world.sql('select sealed_request from access_changes where id = ?', [id])).toEqual([
      { sealed_request: null },
    ])
  })
})

it.each([
  [
    'is asked for anew when the provider was changed since',
    'version = version + 1, audiences = \'["other"]\'',
    'CHANGE_NOT_PENDING',
  ],
  ['holds though keys were fetched since', 'keys_asked_at = now()', undefined],
])('a change of a JWT provider %s', async (_, since, code) => {
  const id = await jwtProvider()
  const change = await world.request(ada, 'updateJwtProvider', { id, audiences: ['api://another'] })
  await world.sql(`update jwt_providers set ${since} where id = ?`, [id])
  expect((await world.decide(ben, 'approve', change.id)).code).toBe(code)
})

it('whoever is to be unlinked stays signed in until it is approved, and not beyond', async () => {
  const dan = await world.person('dan', ['reader'])
  await world.require()
  const [row] = await world.sql<{ subject: string }>(
    'select subject from user_identities where user_id = ?',
    [dan.userId],
  )
  const { id } = await world.request(ada, 'unlinkIdentity', {
    ...{ userId: dan.userId, identityProviderId: world.setup.providerId, subject: row?.subject },
  })
  expect((await world.ask(dan, '{ viewer { id } }')).data).toEqual({ viewer: { id: dan.userId } })
  await world.decide(ben, 'approve', id)
  expect((await world.ask(dan, '{ viewer { id } }')).data).toBeNull()
  expect(await endsOf(world.setup, dan.userId)).toMatchObject([
    { actor: { kind: 'user', id: ada.userId }, details: { reason: 'unlinked' } },
  ])
})
