import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { type RoleApi, startRoleApi } from '../roles/role-api.ts'
import type { Mutation } from '../tenant-api.ts'

const daySeconds = 86_400
let nowMs = Date.parse('2026-03-01T12:00:00Z')
let api: RoleApi
beforeAll(async () => {
  api = await startRoleApi({ now: () => nowMs })
})
afterAll(() => api.close())

const rotate: Mutation = {
  field: 'rotateApiToken',
  input: 'RotateApiTokenInput',
  selection:
    '... on IssuedApiToken { secret apiToken { id } } ... on RightsExceeded { missingPermissions } ... on AlreadyIssued { id }',
}
const revoke: Mutation = { field: 'revokeApiToken', input: 'ByIdInput', selection: '... on ApiToken { id }' }

const idOf = (token: string) => token.split('.')[2] ?? ''
const works = async (token: string) => (await api.api.ask(token, '{ viewer { name } }')).status === 200

interface Told {
  readonly id: string
  readonly rotatedAt: string | null
  readonly lastUsedAt: string | null
  readonly formerSecret: { readonly expiresAt: string; readonly lastUsedAt: string | null } | null
}

async function told(id: string): Promise<Told | undefined> {
  const { apiTokens } = await api.query<{ apiTokens: { edges: { node: Told }[] } }>(
    '{ apiTokens(first: 100) { edges { node { id rotatedAt lastUsedAt formerSecret { expiresAt lastUsedAt } } } } }',
  )
  return apiTokens.edges.find(({ node }) => node.id === id)?.node
}

async function rotated(id: string, overlapSeconds: number): Promise<string> {
  const { secret } = await api.mutate(rotate, { id, overlapSeconds })
  return String(secret)
}

describe('a rotation of an API token', () => {
  it('lets both secrets work until the overlap ends, and then the new one alone [S3-05]', async () => {
    const former = await api.issue({ role: 'VIEWER' })
    const next = await rotated(idOf(former), 7 * daySeconds)
    expect(idOf(next)).toBe(idOf(former))
    expect([await works(former), await works(next)]).toEqual([true, true])
    nowMs += 7 * daySeconds * 1_000 - 1
    expect([await works(former), await works(next)]).toEqual([true, true])
    nowMs += 1
    expect([await works(former), await works(next)]).toEqual([false, true])
  })

  it('shows when each of the two was used last', async () => {
    const former = await api.issue({ role: 'VIEWER' })
    const id = idOf(former)
    expect(await told(id)).toMatchObject({ rotatedAt: null, lastUsedAt: null, formerSecret: null })
    await works(former)
    const usedAt = new Date(nowMs).toISOString()
    expect((await told(id))?.lastUsedAt).toBe(usedAt)
    nowMs += 3_600_000
    const next = await rotated(id, daySeconds)
    const expiresAt = new Date(nowMs + daySeconds * 1_000).toISOString()
    expect(await told(id)).toMatchObject({
      ...{ rotatedAt: new Date(nowMs).toISOString(), lastUsedAt: null },
      formerSecret: { expiresAt, lastUsedAt: usedAt },
    })
    nowMs += 3_600_000
    await works(next)
    const nextUsedAt = new Date(nowMs).toISOString()
    expect(await told(id)).toMatchObject({ lastUsedAt: nextUsedAt, formerSecret: { lastUsedAt: usedAt } })
    await works(former)
    expect((await told(id))?.formerSecret?.lastUsedAt).toBe(nextUsedAt)
  })

  it('ends with no overlap, and with the next rotation, what was before', async () => {
    const first = await api.issue({ role: 'VIEWER' })
    const second = await rotated(idOf(first), 0)
    expect([await works(first), await works(second)]).toEqual([false, true])
    const third = await rotated(idOf(first), 60)
    const fourth = await rotated(idOf(first), 60)
    expect(await Promise.all([second, third, fourth].map(works))).toEqual([false, true, true])
    const uses = await api.api.controlPlane.database.transaction(api.tenant.organizationId, (em) =>
      em.execute('select digest from api_token_uses where token_id = ?', [idOf(first)]),
    )
    expect(uses).toHaveLength(2)
  })

  it('leaves a token that has ended as it is, for both secrets', async () => {
    const former = await api.issue({ role: 'VIEWER' })
    const id = idOf(former)
    const next = await rotated(id, daySeconds)
    await api.mutate(revoke, { id })
    expect([await works(former), await works(next)]).toEqual([false, false])
    expect(await api.mutate(rotate, { id, overlapSeconds: 0 })).toMatchObject({ code: 'API_TOKEN_ENDED' })
    const expiresAt = new Date(nowMs + 60_000)
    const short = await api.issue({ role: 'VIEWER', expiresAt })
    await rotated(idOf(short), daySeconds)
    nowMs += 60_000
    expect(await works(short)).toBe(false)
    const late = await api.mutate(rotate, { id: idOf(short), overlapSeconds: 0 })
    expect(late).toMatchObject({ code: 'API_TOKEN_ENDED' })
  })

  it('is made once under an idempotency key, and shows the secret once', async () => {
    const token = await api.issue({ role: 'VIEWER' })
    const input = { id: idOf(token), overlapSeconds: 60, idempotencyKey: 'rotate once' }
    const { secret } = await api.mutate(rotate, input)
    expect(await api.mutate(rotate, input)).toMatchObject({ code: 'ALREADY_ISSUED', id: idOf(token) })
    expect([await works(token), await works(String(secret))]).toEqual([true, true])
  })

  it.each([[-1], [7 * daySeconds + 1]])('with an overlap of %i s is refused', async (overlapSeconds) => {
    const token = await api.issue({ role: 'VIEWER' })
    expect(await api.refusal(rotate, { id: idOf(token), overlapSeconds })).toMatch(
      /^overlapSeconds: .* 0 to 604800/,
    )
  })

  it('gives nobody a token that they could not issue', async () => {
    const { id: roleId } = await api.createRole({
      ...{ name: 'rotator', permissions: ['api_tokens:view', 'api_tokens:rotate', 'teams:view'] },
    })
    const rotator = await api.issue({ roleId })
    const admin = await api.issue({ role: 'ADMIN' })
    const { result } = await api.mutateAs(rotator, rotate, { id: idOf(admin), overlapSeconds: 0 })
    expect(result.code).toBe('RIGHTS_EXCEEDED')
    expect(await works(admin)).toBe(true)
    const own = await api.mutateAs(rotator, rotate, { id: idOf(rotator), overlapSeconds: 0 })
    expect(typeof own.result.secret).toBe('string')
    const viewer = await api.issue({ role: 'VIEWER' })
    const { errors } = await api.mutateAs(viewer, rotate, { id: idOf(viewer), overlapSeconds: 0 })
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'api_tokens:rotate' })
  })

  it('makes nobody a second person: the old secret is its holder’s, the new one whoever rotated', async () => {
    const personOf = async (token: string) => {
      const document =
        'mutation { issueApiToken(input: {name: "who", role: VIEWER}) { ... on IssuedApiToken { apiToken { id } } } }'
      const { data } = await api.api.ask(token, document)
      const { apiToken } = read<{ apiToken: { id: string } }>(data, 'issueApiToken')
      const [row] = await api.api.controlPlane.database.transaction(api.tenant.organizationId, (em) =>
        em.execute<{ person: string }[]>('select person_id as person from api_tokens where id = ?', [
          apiToken.id,
        ]),
      )
      return row?.person
    }
    const alice = await api.issue({ role: 'ADMIN', userId: await admin('Alice') })
    const bob = await api.issue({ role: 'ADMIN', userId: await admin('Bob') })
    const issued = await api.mutateAs(alice, issue, { name: 'of Alice', role: 'ADMIN' })
    const ofAlice = String(issued.result.secret)
    const { result } = await api.mutateAs(bob, rotate, { id: idOf(ofAlice), overlapSeconds: 60 })
    expect(await personOf(ofAlice)).toBe(await personOf(alice))
    expect(await personOf(String(result.secret))).toBe(await personOf(bob))
  })

  it('is on record with its overlap and without a secret', async () => {
    const token = await api.issue({ role: 'VIEWER' })
    const next = await rotated(idOf(token), 60)
    const details = await api.audited('api_token.rotated')
    expect(details).toMatchObject({ name: 'test', overlapSeconds: 60 })
    expect(JSON.stringify(details)).not.toContain(next.split('.')[3])
  })
})

const issue: Mutation = {
  field: 'issueApiToken',
  input: 'IssueApiTokenInput',
  selection: '... on IssuedApiToken { secret }',
}

async function admin(name: string): Promise<string> {
  const userId = await api.createUser({ name })
  await api.assign({ userId, roleId: 'role_admin' })
  return userId
}
