import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createOrganization, issueAdminToken } from '../../../../control-plane/bootstrap.ts'
import { read, startApi, type TestApi } from '../../api.ts'

let api: TestApi
let nowMs = Date.now()
let organizationId: string
/** Two people, by the tokens that the operator gave them. */
let ada: string
let ben: string

beforeAll(async () => {
  api = await startApi({ now: () => nowMs })
})
afterAll(() => api.close())
beforeEach(async () => {
  const { database } = api.controlPlane
  organizationId = (await createOrganization(database, { name: 'Acme' })).organizationId
  ada = await issueAdminToken(database, organizationId, 'ada')
  ben = await issueAdminToken(database, organizationId, 'ben')
})

interface Result {
  readonly code?: string
  readonly message?: string
  readonly version?: number
  readonly status?: string
  readonly change?: Change
}
interface Change {
  readonly id: string
  readonly status: string
  readonly widens: readonly string[]
  readonly fields: readonly object[]
  readonly requestedBy: { readonly name: string }
  readonly decidedBy: { readonly name: string } | null
}

const changeFields =
  'id status widens fields { field before after } requestedBy { name } decidedBy { name } expiresAt'

async function mutate(token: string, field: string, input: string, selection: string, given: object) {
  const document = `mutation($input: ${input}!) { ${field}(input: $input) { ${selection} ... on Refusal { code message } } }`
  const { data, errors } = await api.ask(token, document, { input: given })
  if (!data) throw new Error(JSON.stringify(errors))
  return read<Result>(data, field)
}

const updated = `... on ClientConfiguration { version } ... on ApprovalRequired { change { ${changeFields} } }`
const decided = `... on ClientConfigurationChange { ${changeFields} }`
const update = (token: string, input: object) =>
  mutate(token, 'updateClientConfiguration', 'UpdateClientConfigurationInput', updated, input)
const approve = (token: string, id: string) =>
  mutate(token, 'approveClientConfigurationChange', 'ByIdInput', decided, { id })
const reject = (token: string, id: string) =>
  mutate(token, 'rejectClientConfigurationChange', 'ByIdInput', decided, { id })

/** What waits now, for want of a second person. */
async function ask(token: string, input: object): Promise<Change> {
  const { code, change } = await update(token, input)
  expect(code).toBe('APPROVAL_REQUIRED')
  if (!change) throw new Error('nothing waits')
  return change
}

async function configuration() {
  const { data } = await api.ask(
    ada,
    `{ clientConfiguration { version allowedOrigins allowedHeaders requireApprovalForHeaderChanges
      headerFilter { allowlist denylist forwardDirect } } configuration { revision } }`,
  )
  return data as {
    clientConfiguration: { version: number; headerFilter: { allowlist: string[]; denylist: string[] } }
    configuration: { revision: number }
  }
}

const trace = { headerFilter: { allowlist: ['x-trace-id'] } }

describe('letting more headers through', () => {
  it.each([
    ['a longer allowlist', trace],
    ['no allowlist', { headerFilter: { allowlist: null } }],
    ['a shorter denylist', { headerFilter: { denylist: [] } }],
    ['forwarding without the prefix', { headerFilter: { forwardDirect: true } }],
    ['more headers of pages', { allowedHeaders: ['authorization', 'x-trace-id'] }],
    ['freeing such changes from approval', { requireApprovalForHeaderChanges: false }],
  ])('waits for a second person: %s [S1-45]', async (_, input) => {
    const before = await configuration()
    const change = await ask(ada, input)
    expect(change).toMatchObject({ status: 'PENDING', requestedBy: { name: 'ada' }, decidedBy: null })
    expect(change.widens).toHaveLength(1)
    expect(change.fields).toHaveLength(1)
    expect(await configuration()).toEqual(before)
    expect(await approve(ben, change.id)).toMatchObject({ status: 'APPROVED', decidedBy: { name: 'ben' } })
    const after = await configuration()
    expect(after.configuration.revision).toBe(before.configuration.revision + 1)
    expect(after.clientConfiguration).not.toEqual(before.clientConfiguration)
  })

  it('waits with all else that is asked for at once', async () => {
    const before = await configuration()
    const change = await ask(ada, { ...trace, allowedOrigins: ['https://a.example'] })
    expect(await configuration()).toEqual(before)
    expect(change.fields).toEqual([
      { field: 'allowedOrigins', before: [], after: ['https://a.example'] },
      { field: 'headerFilter.allowlist', before: [], after: ['x-trace-id'] },
    ])
    await approve(ben, change.id)
    expect((await configuration()).clientConfiguration).toMatchObject({
      ...{ allowedOrigins: ['https://a.example'], headerFilter: { allowlist: ['x-trace-id'] } },
    })
  })

  it('waits not where approval is not required, and never to let less through', async () => {
    const narrower = { headerFilter: { denylist: ['*'] }, allowedHeaders: [], ipAllowlist: ['10.0.0.0/8'] }
    expect((await update(ada, narrower)).code).toBeUndefined()
    const { id } = await ask(ada, { requireApprovalForHeaderChanges: false })
    await approve(ben, id)
    expect((await update(ada, trace)).code).toBeUndefined()
  })

  it('is asked for once, however often the request is repeated', async () => {
    const first = await ask(ada, trace)
    expect((await ask(ada, trace)).id).toBe(first.id)
    expect((await ask(ben, trace)).id).not.toBe(first.id)
  })

  it('is asked for at most 20 times at once', async () => {
    for (let index = 0; index < 20; index++) await ask(ada, { headerFilter: { allowlist: [`x-${index}`] } })
    expect(await update(ada, trace)).toMatchObject({ code: 'TOO_MANY_PENDING_CHANGES' })
  })

  it('leaves an audit trail of who asked, who approved and what changed', async () => {
    const { id } = await ask(ada, trace)
    await approve(ben, id)
    const { data } = await api.ask(
      ada,
      '{ auditEvents(first: 3) { edges { node { type actor { name } subject { id } details } } } }',
    )
    const { edges } = read<{ edges: { node: object }[] }>(data, 'auditEvents')
    expect(edges.map(({ node }) => node)).toMatchObject([
      { type: 'client_configuration.updated', actor: { name: 'ben' } },
      { type: 'client_configuration.change_approved', actor: { name: 'ben' }, subject: { id } },
      {
        ...{ type: 'client_configuration.change_requested', actor: { name: 'ada' }, subject: { id } },
        details: { fields: [{ field: 'headerFilter.allowlist', before: [], after: ['x-trace-id'] }] },
      },
    ])
  })
})

describe('a second person', () => {
  const issue = async (token: string, input: object) => {
    const document = `mutation($input: IssueApiTokenInput!) { issueApiToken(input: $input) {
      ... on IssuedApiToken { secret } ... on Refusal { message } } }`
    const { data } = await api.ask(token, document, { input: { name: 'token', role: 'ADMIN', ...input } })
    return read<{ secret: string }>(data, 'issueApiToken').secret
  }
  const newAdmin = async (name: string) => {
    const create = `mutation($name: String!) { createUser(input: { name: $name }) { ... on User { id } } }`
    const { id } = read<{ id: string }>((await api.ask(ada, create, { name })).data, 'createUser')
    const assign = `mutation($input: AssignRoleInput!) { assignRole(input: $input) { __typename } }`
    await api.ask(ada, assign, { input: { userId: id, roleId: 'role_admin' } })
    return id
  }
  const refused = { code: 'SECOND_PERSON_REQUIRED' }

  it('has another token', async () => {
    const { id } = await ask(ada, trace)
    expect(await approve(ada, id)).toMatchObject(refused)
    expect((await configuration()).clientConfiguration.headerFilter.allowlist).toEqual([])
  })

  it('is not whoever asked, and the attempt is on record as denied, with nothing else', async () => {
    const { id } = await ask(ada, trace)
    const before = await configuration()
    await approve(ada, id)
    const { data } = await api.ask(
      ben,
      '{ auditEvents(first: 1) { edges { node { type outcome actor { name } subject { id } details } } } }',
    )
    const { edges } = read<{ edges: { node: object }[] }>(data, 'auditEvents')
    expect(edges.map(({ node }) => node)).toEqual([
      {
        ...{ type: 'client_configuration.change_approval_refused', outcome: 'denied' },
        ...{ actor: { name: 'ada' }, subject: { id } },
        details: { reason: expect.stringContaining('somebody else has to approve it') },
      },
    ])
    expect(await configuration()).toEqual(before)
    expect(await approve(ben, id)).toMatchObject({ status: 'APPROVED' })
  })

  it('is another user: no token that stands for whoever asked will do', async () => {
    const userId = await newAdmin('Eve')
    const [one, other] = [await issue(ada, { userId }), await issue(ben, { userId })]
    const { id } = await ask(one, trace)
    expect(await approve(other, id)).toMatchObject(refused)
    const another = await issue(await issue(ben, { userId: await newAdmin('Joe') }), {})
    expect(await approve(another, id)).toMatchObject({ status: 'APPROVED' })
  })

  it('is nobody whose token was issued by whoever asked, until they have rotated it', async () => {
    const userId = await newAdmin('Kim')
    const ofKim = await issue(ada, { userId })
    const { id } = await ask(ada, trace)
    expect(await approve(ofKim, id)).toMatchObject(refused)
    const { id: reverse } = await ask(ofKim, { headerFilter: { allowlist: ['x-b'] } })
    expect(await approve(ada, reverse)).toMatchObject(refused)
    const { data: viewed } = await api.ask(ofKim, '{ viewer { id } }')
    const rotate = `mutation($id: ID!) { rotateApiToken(input: { id: $id, overlapSeconds: 0 }) {
      ... on IssuedApiToken { secret } } }`
    const rotated = await api.ask(ofKim, rotate, { id: read<{ id: string }>(viewed, 'viewer').id })
    const own = read<{ secret: string }>(rotated.data, 'rotateApiToken').secret
    expect(await approve(own, id)).toMatchObject({ status: 'APPROVED' })
  })

  it('is nobody whom whoever asked made up: a token that stands for nobody is its issuer’s', async () => {
    const made = await issue(await issue(ada, {}), {})
    const { id } = await ask(ada, trace)
    expect(await approve(made, id)).toMatchObject(refused)
    const { id: reverse } = await ask(made, { headerFilter: { allowlist: ['x-b'] } })
    expect(await approve(ada, reverse)).toMatchObject(refused)
  })

  it('may reject it; so may whoever asked', async () => {
    const { id } = await ask(ada, trace)
    expect(await reject(ben, id)).toMatchObject({ status: 'REJECTED', decidedBy: { name: 'ben' } })
    expect(await approve(ben, id)).toMatchObject({ code: 'CHANGE_NOT_PENDING' })
    const again = await ask(ada, trace)
    expect(again.id).not.toBe(id)
    expect(await reject(ada, again.id)).toMatchObject({ status: 'REJECTED' })
  })
})

describe('a change that waits', () => {
  it('is stale once the configuration is another one, and cannot take that back', async () => {
    const { id } = await ask(ada, trace)
    await update(ben, { headerFilter: { denylist: ['*'] } })
    expect(await approve(ben, id)).toMatchObject({
      code: 'CHANGE_NOT_PENDING',
      message: expect.stringContaining('stale'),
    })
    expect((await configuration()).clientConfiguration.headerFilter).toMatchObject({
      ...{ allowlist: [], denylist: ['*'] },
    })
  })

  it('is stale at another version of the configuration, whoever made that', async () => {
    const { id } = await ask(ada, trace)
    await api.controlPlane.database.transaction(organizationId, (em) =>
      em.execute('update client_configurations set version = version + 1'),
    )
    expect(await approve(ben, id)).toMatchObject({ message: expect.stringContaining('stale') })
  })

  it('expires after seven days', async () => {
    const { id } = await ask(ada, trace)
    nowMs += 7 * 24 * 3_600_000
    expect(await approve(ben, id)).toMatchObject({ message: expect.stringContaining('expired') })
    expect((await ask(ada, trace)).id).not.toBe(id)
  })

  it('is made once, of two that are approved at once only one', async () => {
    const [one, other] = [await ask(ada, trace), await ask(ada, { headerFilter: { allowlist: ['x-b'] } })]
    const before = await configuration()
    const results = await Promise.all([one, one, other, other].map(({ id }) => approve(ben, id)))
    expect(results.filter(({ status }) => status === 'APPROVED')).toHaveLength(1)
    const { clientConfiguration } = await configuration()
    expect(clientConfiguration.version).toBe(before.clientConfiguration.version + 1)
  })

  it('is listed by what has become of it', async () => {
    const expired = await ask(ada, trace)
    nowMs += 7 * 24 * 3_600_000
    const rejected = await ask(ada, trace)
    await reject(ben, rejected.id)
    const approved = await ask(ada, trace)
    const stale = await ask(ada, { headerFilter: { allowlist: ['x-b'] } })
    await approve(ben, approved.id)
    const pending = await ask(ada, { headerFilter: { allowlist: ['x-c'] } })
    const wanted = {
      EXPIRED: expired,
      REJECTED: rejected,
      APPROVED: approved,
      STALE: stale,
      PENDING: pending,
    }
    for (const [status, { id }] of Object.entries(wanted)) {
      const { data } = await api.ask(
        ada,
        `query($status: ClientConfigurationChangeStatus) { clientConfigurationChanges(status: $status) {
          totalCount edges { node { id status } } } }`,
        { status },
      )
      expect(data).toEqual({
        clientConfigurationChanges: { totalCount: 1, edges: [{ node: { id, status } }] },
      })
    }
  })
})

describe('no way around leads through', () => {
  it('a configuration file, which is refused whole and leaves nothing that waits', async () => {
    const before = await configuration()
    const document = {
      version: 1,
      customers: [{ name: 'Other' }],
      clientConfiguration: { headerFilter: { allowlist: ['x-trace-id'] } },
    }
    const apply = `mutation($input: ApplyConfigurationInput!) { applyConfiguration(input: $input) {
      ... on ConfigurationFileInvalid { problems { path message } } } }`
    for (const dryRun of [true, false]) {
      const { data } = await api.ask(ada, apply, { input: { document, dryRun } })
      expect(data).toEqual({
        applyConfiguration: {
          problems: [
            {
              path: '/clientConfiguration',
              message: expect.stringMatching(/second person.*"x-trace-id".*ask for it with updateClientConf/),
            },
          ],
        },
      })
    }
    expect(await configuration()).toEqual(before)
    const { data } = await api.ask(
      ada,
      '{ clientConfigurationChanges { totalCount } customers { totalCount } }',
    )
    expect(data).toEqual({ clientConfigurationChanges: { totalCount: 0 }, customers: { totalCount: 0 } })
  })

  const rollBack = async (revision: number, skipUnrestorable = false) => {
    const document = `mutation($input: RollBackConfigurationInput!) { rollBackConfiguration(input: $input) {
      ... on RolledBackConfiguration { skipped } ... on Refusal { code message } } }`
    const { data } = await api.ask(ada, document, { input: { revision, skipUnrestorable } })
    return read<{ code?: string; message?: string; skipped?: string[] }>(data, 'rollBackConfiguration')
  }

  it('a roll-back to when more headers went through', async () => {
    const { id } = await ask(ada, trace)
    await approve(ben, id)
    const wide = (await configuration()).configuration.revision
    await update(ada, { headerFilter: { allowlist: [] } })
    const narrow = await configuration()
    expect(await rollBack(wide)).toMatchObject({
      code: 'CANNOT_RESTORE',
      message: expect.stringMatching(/second person.*"x-trace-id"/),
    })
    expect(await configuration()).toEqual(narrow)
    expect((await rollBack(wide, true)).skipped).toHaveLength(1)
    expect((await configuration()).clientConfiguration).toEqual(narrow.clientConfiguration)
  })

  it('a roll-back to when nobody had to approve', async () => {
    const { id } = await ask(ada, { requireApprovalForHeaderChanges: false })
    await approve(ben, id)
    const free = (await configuration()).configuration.revision
    await update(ada, { requireApprovalForHeaderChanges: true, allowedOrigins: ['https://a.example'] })
    await rollBack(free)
    expect((await configuration()).clientConfiguration).toMatchObject({
      ...{ allowedOrigins: [], requireApprovalForHeaderChanges: true },
    })
    await ask(ada, trace)
  })

  it('a roll-back that makes what waits another change than was asked for', async () => {
    const first = (await configuration()).configuration.revision
    await update(ada, { headerFilter: { denylist: ['*'] }, requireApprovalForHeaderChanges: true })
    await update(ada, { ipAllowlist: ['10.0.0.0/8'] })
    const { id } = await ask(ada, trace)
    await rollBack(first + 1)
    expect(await approve(ben, id)).toMatchObject({ message: expect.stringContaining('stale') })
  })
})
