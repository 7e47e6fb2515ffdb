import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '../../../../control-plane/db/id.ts'
import { UserIdentityEntity } from '../../../../control-plane/modules/identity-providers/index.ts'
import { read } from '../../api.ts'
import type { Mutation } from '../tenant-api.ts'
import { type RoleApi, startRoleApi } from './role-api.ts'

let clock = Date.parse('2030-01-01T00:00:00Z')
const hour = 3_600_000
const inHours = (hours: number) => new Date(clock + hours * hour).toISOString()

interface Review {
  readonly assignments: { readonly edges: readonly { readonly node: object }[]; readonly totalCount: number }
  readonly apiTokens: { readonly edges: readonly { readonly node: { id: string } }[]; totalCount: number }
}

const assignments = `assignments(first: 50) { totalCount edges { node { role { id } objectId createdAt expiresAt source
  givenBy { id name } user { id active lastSignedInAt } } } }`
const apiTokens =
  'apiTokens(first: 50) { totalCount edges { node { id role { id } user { id } expiresAt } } }'
const document = `query($filter: AccessReviewFilter) { accessReview(filter: $filter) { ${assignments} ${apiTokens} } }`

let acme: RoleApi
let alice: string
let bob: string
let providerId: string
let roleId: string

beforeAll(async () => {
  acme = await startRoleApi({ now: () => clock })
  alice = await acme.createUser({ name: 'Alice' })
  bob = await acme.createUser({ name: 'Bob' })
  roleId = (await acme.createRole({ name: 'Auditor', inheritedRoleIds: ['role_viewer'] })).id
  const createProvider: Mutation = {
    ...{ field: 'createIdentityProvider', input: 'CreateIdentityProviderInput' },
    selection: '... on IdentityProvider { id }',
  }
  const settings = { issuer: 'https://id.example.com', clientId: 'gatehouse', clientSecret: 'a-secret' }
  providerId = (await acme.mutate(createProvider, { name: 'okta', kind: 'OKTA', ...settings })).id
  const given = await acme.assign({ userId: alice, roleId: 'role_developer' })
  await acme.assign({ userId: alice, roleId, expiresAt: inHours(1) })
  await acme.assign({ userId: bob, roleId })
  await signInAt(alice, 1, null)
  await signInAt(alice, 3, given.id)
})
afterAll(() => acme.close())

/** What a sign-in leaves behind. */
function signInAt(userId: string, hours: number, roleAssignmentId: string | null): Promise<void> {
  const { organizationId } = acme.tenant
  const at = new Date(clock + hours * hour)
  return acme.api.controlPlane.database.transaction(organizationId, async (em) => {
    await em.insert(UserIdentityEntity, {
      ...{ id: newId('uid'), organizationId, userId, providerId, subject: `${userId} ${hours}` },
      ...{ roleAssignmentId, createdAt: at, lastSignedInAt: at },
    })
  })
}

async function review(filter: object = {}, token = acme.tenant.token): Promise<Review> {
  const { data, errors } = await acme.api.ask(token, document, { filter })
  if (errors.length > 0) throw new Error(errors[0]?.message)
  return read<Review>(data, 'accessReview')
}
const nodes = <T>({ edges }: { readonly edges: readonly { readonly node: T }[] }) =>
  edges.map(({ node }) => node)

it('tells who has which role, until when, who gave it and when they last signed in', async () => {
  const { assignments } = await review()
  expect(assignments.totalCount).toBe(3)
  const user = { id: alice, active: true, lastSignedInAt: inHours(3) }
  const manual = { source: 'MANUAL', givenBy: null, objectId: null }
  expect(nodes(assignments)).toMatchObject([
    {
      ...{ role: { id: 'role_developer' }, user, expiresAt: null, createdAt: inHours(0) },
      ...{ source: 'IDENTITY_PROVIDER', givenBy: { id: providerId, name: 'okta' } },
    },
    { role: { id: roleId }, user, expiresAt: inHours(1), ...manual },
    { role: { id: roleId }, user: { id: bob, active: true, lastSignedInAt: null }, ...manual },
  ])
})

it('is filtered by user, role, permission and whether it has ended', async () => {
  const counts = async (filter: object) => (await review(filter)).assignments.totalCount
  expect(await counts({ userId: alice })).toBe(2)
  expect(await counts({ roleId })).toBe(2)
  expect(await counts({ roleId, userId: bob })).toBe(1)
  // Inherited from viewer.
  expect(await counts({ permission: 'teams:view' })).toBe(3)
  expect(await counts({ permission: 'virtual_keys:create' })).toBe(1)
  expect(await counts({ permission: 'roles:assign' })).toBe(0)
  clock += 2 * hour
  expect(await Promise.all([{ ended: true }, { ended: false }, {}].map(counts))).toEqual([1, 2, 3])
  await expect(review({ permission: 'teams' })).rejects.toThrow(/^filter\.permission: /)
  await expect(review({ userId: 'usr_1' })).rejects.toThrow(/^filter\.userId: names nothing/)
  await expect(review({ roleId: 'role_1' })).rejects.toThrow(/^filter\.roleId: names nothing/)
})

it('lists the API tokens that work, of all, of a user and by what their role allows', async () => {
  await acme.issue({ roleId, userId: bob })
  await acme.issue({ role: 'VIEWER', expiresAt: inHours(1) })
  const secret = await acme.issue({ role: 'DEVELOPER' })
  const count = async (filter: object) => (await review(filter)).apiTokens.totalCount
  expect(await count({})).toBe(4)
  expect(await count({ userId: bob })).toBe(1)
  expect(await count({ permission: 'virtual_keys:create' })).toBe(2)
  const { data } = await acme.api.ask(secret, '{ viewer { id } }')
  const revoke: Mutation = {
    ...{ field: 'revokeApiToken', input: 'ByIdInput', selection: '... on ApiToken { id }' },
  }
  await acme.mutate(revoke, { id: read<{ id: string }>(data, 'viewer').id })
  clock += hour
  expect(await count({})).toBe(2)
  expect(nodes((await review({ userId: bob })).apiTokens)).toMatchObject([
    { role: { id: roleId }, user: { id: bob }, expiresAt: null },
  ])
})

it('lists what a user was shown the secret of, until somebody else has rotated it', async () => {
  const carol = await acme.createUser({ name: 'Carol' })
  await acme.assign({ userId: carol, roleId: 'role_admin' })
  const ofCarol = await acme.issue({ role: 'ADMIN', userId: carol })
  const issue =
    'mutation { issueApiToken(input: { name: "ci", role: VIEWER }) { ... on IssuedApiToken { apiToken { id } } } }'
  const { data } = await acme.api.ask(ofCarol, issue)
  const { id } = read<{ apiToken: { id: string } }>(data, 'issueApiToken').apiToken
  const known = async () => nodes((await review({ userId: carol })).apiTokens).map((token) => token.id)
  const knownTo = async () =>
    (
      await acme.query<{ apiToken: { knownTo: object | null } }>(
        'query($id: ID!) { apiToken(id: $id) { knownTo { id name } } }',
        { id },
      )
    ).apiToken.knownTo
  expect(await known()).toContain(id)
  expect(await knownTo()).toEqual({ id: carol, name: 'Carol' })
  // For somebody else too, who was not shown it.
  const forBob = `mutation { issueApiToken(input: { name: "of Bob", roleId: "${roleId}", userId: "${bob}" }) {
    ... on IssuedApiToken { apiToken { id knownTo { id } } } } }`
  const ofBob = read<{ apiToken: { id: string } }>(
    (await acme.api.ask(ofCarol, forBob)).data,
    'issueApiToken',
  )
  expect(ofBob.apiToken).toMatchObject({ knownTo: { id: carol } })
  expect(await known()).toContain(ofBob.apiToken.id)
  const rotate: Mutation = {
    ...{
      field: 'rotateApiToken',
      input: 'RotateApiTokenInput',
      selection: '... on IssuedApiToken { secret }',
    },
  }
  await acme.mutate(rotate, { id, overlapSeconds: 3600 })
  expect(await knownTo()).toBeNull()
  // The secret before it still works.
  expect(await known()).toContain(id)
  clock += hour
  expect(await known()).not.toContain(id)
})

it('shows each what they may see', async () => {
  const ask = (token: string, selection: string) =>
    acme.api.ask(token, `{ accessReview { assignments { edges { node { ${selection} } } } } }`)
  const viewer = await acme.issue({ role: 'VIEWER' })
  const seen = await ask(viewer, 'source givenBy { id } user { id }')
  expect(seen.errors).toEqual([])
  expect(JSON.stringify(seen.data)).not.toContain(providerId)
  expect(JSON.stringify(seen.data)).toContain(alice)
  const signIns = await ask(viewer, 'user { lastSignedInAt }')
  expect(signIns.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'sessions:view' })
  const both = await acme.api.ask(viewer, `{ accessReview { ${apiTokens} assignments { totalCount } } }`)
  expect(both.data).toEqual({ accessReview: { apiTokens: null, assignments: { totalCount: 4 } } })
  expect(both.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'api_tokens:view' })
  const { id } = await acme.createRole({ name: 'Roles alone', permissions: ['roles:view'] })
  const blind = await ask(await acme.issue({ roleId: id }), 'user { id }')
  expect(JSON.stringify(blind.data)).not.toContain(alice)
  const { id: nothing } = await acme.createRole({ name: 'No roles', permissions: ['teams:view'] })
  const refused = await ask(await acme.issue({ roleId: nothing }), 'id')
  expect(refused.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'roles:view' })
})

it('shows a token of one workspace the tokens of that workspace', async () => {
  const { workspaceId } = acme.tenant
  const confined = await acme.issue({ role: 'ADMIN', workspaceId })
  const { data } = await acme.api.ask(confined, '{ accessReview { apiTokens { totalCount } } }')
  expect(data).toEqual({ accessReview: { apiTokens: { totalCount: 1 } } })
})
