import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, read, startApi, type Tenant, type TestApi } from '../api.ts'

let api: TestApi
let tenant: Tenant
let owner: { readonly teamId: string }

beforeAll(async () => {
  api = await startApi()
  tenant = await api.createTenant('Acme')
  const input = { workspaceId: tenant.workspaceId, name: 'Team' }
  const { data } = await api.ask(
    tenant.token,
    'mutation ($input: CreateTeamInput!) { createTeam(input: $input) { ... on Team { id } } }',
    { input },
  )
  owner = { teamId: read<{ id: string }>(data, 'createTeam').id }
})
afterAll(() => api.close())
beforeEach(() => execute('delete from data_planes where org_id = ?', [tenant.organizationId]))

function execute(sql: string, parameters: readonly unknown[]): Promise<unknown> {
  const { database } = api.controlPlane
  return database.transaction(tenant.organizationId, (em) => em.execute(sql, [...parameters]))
}

/** As enrolment leaves it. */
async function addDataPlanes(...ids: string[]): Promise<void> {
  for (const id of ids) {
    await execute(
      `insert into data_planes (id, org_id, name, version, signing_key, sealing_key, enrolled_at)
       values (?, ?, ?, '1', '{}', '{}', now())`,
      [id, tenant.organizationId, id],
    )
  }
}

/** What a report that it runs the newest configuration leaves. */
function confirm(id: string): Promise<unknown> {
  return execute(
    `update data_planes set applied_epoch = head.epoch, applied_revision = head.revision
     from config_heads head where head.org_id = data_planes.org_id and data_planes.id = ?`,
    [id],
  )
}

async function issueKey(): Promise<string> {
  const input = { workspaceId: tenant.workspaceId, name: 'app', owner, providerConfigs: [] }
  const { data } = await api.ask(
    tenant.token,
    `mutation ($input: IssueVirtualKeyInput!) {
       issueVirtualKey(input: $input) { ... on IssuedVirtualKey { virtualKey { id } } } }`,
    { input },
  )
  return read<{ virtualKey: { id: string } }>(data, 'issueVirtualKey').virtualKey.id
}

function revoke(input: object): Promise<Answer> {
  const query = `mutation ($input: RevokeVirtualKeyInput!) {
    revokeVirtualKey(input: $input) { ... on VirtualKey { status } } }`
  return api.ask(tenant.token, query, { input })
}

async function statusOf(id: string): Promise<string> {
  const { data } = await api.ask(tenant.token, 'query ($id: ID!) { virtualKey(id: $id) { status } }', { id })
  return read<{ status: string }>(data, 'virtualKey').status
}

/** Follows a mutation that waits. */
function follow(answer: Promise<Answer>): { readonly isAnswered: () => boolean } {
  let answered = false
  void answer.then(() => {
    answered = true
  })
  return { isAnswered: () => answered }
}

/** Time in which a mutation that waits sees what was confirmed; that it does not answer can only be waited for. */
const severalLooks = () => new Promise((next) => setTimeout(next, 300))

async function untilRevoked(id: string): Promise<void> {
  while ((await statusOf(id)) !== 'REVOKED') await new Promise((next) => setTimeout(next, 5))
}

const revoked = { status: 200, errors: [], data: { revokeVirtualKey: { status: 'REVOKED' } } }

describe('a revocation that waits for data planes', () => {
  it.each([
    ['all, once the last has confirmed', 'ALL', ['dp_a', 'dp_b']],
    ['a quorum, once more than half have confirmed', 'QUORUM', ['dp_a', 'dp_b', 'dp_c']],
  ])('answers, waiting for %s', async (_, waitFor, dataPlanes) => {
    await addDataPlanes(...dataPlanes)
    const id = await issueKey()
    const answer = revoke({ id, waitFor, waitSeconds: 20 })
    const { isAnswered } = follow(answer)
    await untilRevoked(id)
    await confirm('dp_a')
    await severalLooks()
    expect(isAnswered()).toBe(false)
    await confirm('dp_b')
    expect(await answer).toEqual(revoked)
  })

  it('says how many have not confirmed in time, and that the change stays; asked again it goes on waiting', async () => {
    await addDataPlanes('dp_a', 'dp_b')
    const id = await issueKey()
    await confirm('dp_a')
    await confirm('dp_b')
    const { errors } = await revoke({ id, waitFor: 'ALL', waitSeconds: 1 })
    expect(errors[0]?.message).toContain('only 0 of 2 data planes have confirmed it within 1 seconds')
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_YET_APPLIED', confirmed: 0, dataPlanes: 2 })
    expect(await statusOf(id)).toBe('REVOKED')
    await confirm('dp_a')
    await confirm('dp_b')
    expect(await revoke({ id, waitFor: 'ALL', waitSeconds: 1 })).toEqual(revoked)
  })

  it('does not wait for a data plane that is revoked', async () => {
    await addDataPlanes('dp_gone')
    await execute('update data_planes set revoked_at = now() where id = ?', ['dp_gone'])
    expect(await revoke({ id: await issueKey(), waitFor: 'ALL', waitSeconds: 1 })).toEqual(revoked)
  })

  it('has nothing to wait for without data planes, or when it was not asked to', async () => {
    expect(await revoke({ id: await issueKey(), waitFor: 'QUORUM' })).toEqual(revoked)
    await addDataPlanes('dp_a')
    expect(await revoke({ id: await issueKey() })).toEqual(revoked)
  })

  it.each([0, 21])('refuses to wait for %d seconds, and revokes nothing', async (waitSeconds) => {
    const id = await issueKey()
    const { errors } = await revoke({ id, waitFor: 'ALL', waitSeconds })
    expect(errors[0]?.message).toContain(`waitSeconds: must be an integer from 1 to 20, not ${waitSeconds}`)
    expect(await statusOf(id)).toBe('ACTIVE')
  })
})

describe('every other mutation that takes something away', () => {
  interface Case {
    readonly field: string
    readonly input: object
    readonly inputType?: string
  }

  /** Makes what is needed and says what is to be taken away; each on things of its own. */
  async function prepare(): Promise<readonly Case[]> {
    const create = async (field: string, input: object, type: string): Promise<string> => {
      const inputType = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
      const query = `mutation ($input: ${inputType}!) { ${field}(input: $input) { ... on ${type} { id } } }`
      const { data } = await api.ask(tenant.token, query, { input })
      return read<{ id: string }>(data, field).id
    }
    const baseUrl = 'https://api.example.com/v1'
    const newProvider = (name: string) => create('createProvider', { name, baseUrl }, 'Provider')
    const newProviderKey = (providerId: string, name: string) =>
      create('addProviderKey', { providerId, name, secret: 'sk-secret' }, 'ProviderKey')
    const userId = await create('createUser', { name: 'User' }, 'User')
    const provider = await newProvider('first')
    const ended = { inputType: 'RevocationInput' }
    return [
      { field: 'updateVirtualKey', input: { id: await issueKey(), active: false } },
      { field: 'deleteVirtualKey', input: { id: await issueKey() }, ...ended },
      { field: 'updateUser', input: { id: userId, active: false } },
      { field: 'setUserAccess', input: { userId, deniedModels: ['*'] } },
      { field: 'updateProvider', input: { id: provider, active: false } },
      { field: 'updateProviderKey', input: { id: await newProviderKey(provider, 'a'), active: false } },
      { field: 'rotateProviderKey', input: { id: await newProviderKey(provider, 'b'), secret: 'sk-next' } },
      { field: 'removeProviderKey', input: { id: await newProviderKey(provider, 'c') }, ...ended },
      { field: 'deleteProvider', input: { id: await newProvider('second') }, ...ended },
      { field: 'revokeDataPlane', input: { id: 'dp_revoked' }, ...ended },
    ]
  }

  function run({ field, input, inputType = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input` }: Case) {
    const query = `mutation ($input: ${inputType}!) { ${field}(input: $input) { __typename } }`
    return api.ask(tenant.token, query, { input: { ...input, waitFor: 'ALL', waitSeconds: 1 } })
  }

  it('waits in the same way, and what it changed stays', async () => {
    const cases = await prepare()
    await addDataPlanes('dp_silent', 'dp_revoked')
    const answers = await Promise.all(cases.map(run))
    const codes = answers.map(({ errors }) => errors[0]?.extensions?.code)
    expect(codes).toEqual(cases.map(() => 'NOT_YET_APPLIED'))
    const { errors } = await api.ask(tenant.token, '{ dataPlane(id: "dp_revoked") { status } }')
    expect(errors).toEqual([])
  })

  it('answers with the new secret of a rotated key in any case, and says who has not confirmed', async () => {
    const id = await issueKey()
    await addDataPlanes('dp_silent')
    const query = `mutation ($input: RotateVirtualKeyInput!) {
      rotateVirtualKey(input: $input) { ... on IssuedVirtualKey { secret unconfirmed } } }`
    const input = { id, overlapSeconds: 0, waitFor: 'ALL', waitSeconds: 1 }
    const { data, errors } = await api.ask(tenant.token, query, { input })
    expect(errors).toEqual([])
    expect(read(data, 'rotateVirtualKey')).toEqual({ secret: expect.any(String), unconfirmed: 1 })
  })
})
