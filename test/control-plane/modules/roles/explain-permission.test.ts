import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { createTeam, type Mutation } from '../tenant-api.ts'
import { type RoleApi, startRoleApi } from './role-api.ts'

let clock = Date.parse('2030-01-01T00:00:00Z')
const hour = 3_600_000
const inHours = (hours: number) => new Date(clock + hours * hour).toISOString()

interface Explained {
  readonly allowed: boolean
  readonly explanation: string
  readonly workspaces: readonly ({ id: string } | null)[] | null
  readonly reasons: readonly {
    readonly role: { readonly id: string }
    readonly via: readonly { readonly name: string }[]
    readonly assignment: { readonly id: string } | null
    readonly expiresAt: string | null
    readonly objectId: string | null
    readonly counts: boolean
    readonly explanation: string
  }[]
}

const question = `query($input: ExplainPermissionInput!) { explainPermission(input: $input) {
  allowed explanation workspaces { id }
  reasons { role { id } via { name } assignment { id } expiresAt objectId counts explanation } } }`

let acme: RoleApi
let teamId: string
beforeAll(async () => {
  acme = await startRoleApi({ now: () => clock })
  teamId = (await acme.mutate(createTeam, { workspaceId: acme.tenant.workspaceId, name: 'search' })).id
})
afterAll(() => acme.close())

async function explainAs(token: string, input: object): Promise<Explained> {
  const { data, errors } = await acme.api.ask(token, question, { input })
  if (errors.length > 0) throw new Error(errors[0]?.message)
  return read<Explained>(data, 'explainPermission')
}
const explain = (input: object) => explainAs(acme.tenant.token, input)

const change = (field: string, input: string, type: string): Mutation => ({
  ...{ field, input, selection: `... on ${type} { id }` },
})
const issue: Mutation = {
  field: 'issueApiToken',
  input: 'IssueApiTokenInput',
  selection: '... on IssuedApiToken { secret apiToken { id } }',
}
async function issueToken(input: object): Promise<{ id: string; secret: string }> {
  const issued: unknown = await acme.mutate(issue, { name: 'test', ...input })
  const { secret, apiToken } = issued as { secret: string; apiToken: { id: string } }
  return { id: apiToken.id, secret }
}

describe('the rights of a user', () => {
  it('come from a role by a chain of inheritance, until it ends', async () => {
    const { id: low } = await acme.createRole({ name: 'Team reader', permissions: ['teams:view'] })
    const { id: middle } = await acme.createRole({ name: 'Lead', inheritedRoleIds: [low] })
    const { id: roleId } = await acme.createRole({ name: 'Head', inheritedRoleIds: [middle, 'role_viewer'] })
    const { id: other } = await acme.createRole({ name: 'Models', permissions: ['models:view'] })
    const userId = await acme.createUser({ name: 'Alice' })
    await acme.assign({ userId, roleId: other })
    const { id, expiresAt } = await acme.assign({ userId, roleId, expiresAt: inHours(1) })
    const before = await explain({ userId, permission: 'teams:view' })
    expect(before).toMatchObject({
      ...{ allowed: true, workspaces: null },
      explanation: 'Yes. The role "Head" inherits it from "viewer".',
    })
    expect(before.reasons).toMatchObject([
      {
        ...{ role: { id: other }, via: [], counts: false },
        explanation: 'Neither the role "Models" nor one that it inherits from names it.',
      },
      {
        ...{ role: { id: roleId }, assignment: { id }, expiresAt, objectId: null, counts: true },
        // The shorter way.
        via: [{ name: 'Head' }, { name: 'viewer' }],
      },
    ])
    await acme.updateRole({ id: roleId, inheritedRoleIds: [middle] })
    const [, along] = (await explain({ userId, permission: 'teams:view' })).reasons
    expect(along?.via).toEqual([{ name: 'Head' }, { name: 'Lead' }, { name: 'Team reader' }])
    expect(along?.explanation).toBe(
      'The role "Head" inherits it from "Lead", which inherits it from "Team reader".',
    )
    clock += hour
    const after = await explain({ userId, permission: 'teams:view' })
    expect(after.allowed).toBe(false)
    expect(after.reasons[1]).toMatchObject({
      counts: false,
      explanation: expect.stringMatching(/^Expired: /),
    })
  })

  it('are none while they are inactive, or without a role', async () => {
    const userId = await acme.createUser({ name: 'Bob' })
    const ask = () => explain({ userId, permission: 'teams:view' })
    expect(await ask()).toMatchObject({ allowed: false, reasons: [], workspaces: [] })
    await acme.assign({ userId, roleId: 'role_viewer' })
    expect((await ask()).allowed).toBe(true)
    await acme.mutate(change('updateUser', 'UpdateUserInput', 'User'), { id: userId, active: false })
    expect(await ask()).toMatchObject({
      ...{ allowed: false, explanation: 'No. The user is inactive.' },
      reasons: [{ counts: false, explanation: 'The user is inactive.', via: [{ name: 'viewer' }] }],
    })
  })

  it('say what was given for one object, and what is confined to workspaces', async () => {
    const workspace = change('createWorkspace', 'CreateWorkspaceInput', 'Workspace')
    const { id: elsewhere } = await acme.mutate(workspace, { name: 'elsewhere' })
    const { id: there } = await acme.mutate(createTeam, { workspaceId: elsewhere, name: 'there' })
    const { workspaceId } = acme.tenant
    const { id: confined } = await acme.createRole({
      ...{ name: 'Here', permissions: ['teams:view'], workspaceIds: [workspaceId] },
    })
    const { id: editor } = await acme.createRole({ name: 'Editor', permissions: ['teams:update'] })
    const userId = await acme.createUser({ name: 'Carol' })
    await acme.assign({ userId, roleId: confined })
    await acme.assign({ userId, roleId: editor, objectId: teamId })
    const why = async (permission: string, place: object) => {
      const { allowed, reasons } = await explain({ userId, permission, ...place })
      return [allowed, ...reasons.map(({ explanation }) => explanation)]
    }
    const unnamed = 'Neither the role "Here" nor one that it inherits from names it.'
    expect(await why('teams:update', { objectId: teamId })).toEqual([
      ...[true, unnamed],
      'The role "Editor" gives it. It was given for this object alone.',
    ])
    expect(await why('teams:update', { objectId: there })).toEqual([
      false,
      unnamed,
      'Given for another object.',
    ])
    expect((await why('teams:update', { workspaceId }))[2]).toMatch(/^Given for one object alone/)
    expect((await why('teams:view', { objectId: there }))[1]).toMatch(/^Confined to other workspaces/)
    expect((await why('teams:view', { organizationWide: true }))[1]).toMatch(/^Confined to workspaces, and/)
    expect((await why('teams:view', { objectId: teamId }))[0]).toBe(true)
  })

  it('do not reach a key among the rows of others', async () => {
    const { workspaceId } = acme.tenant
    const { id: roleId } = await acme.createRole({
      ...{ name: 'Own keys', permissions: ['virtual_keys:*'], rowScope: 'OWN' },
    })
    const [userId, other] = await Promise.all(['Dave', 'Eve'].map((name) => acme.createUser({ name })))
    await acme.assign({ userId, roleId })
    const issueKey: Mutation = {
      ...{ field: 'issueVirtualKey', input: 'IssueVirtualKeyInput' },
      selection: '... on IssuedVirtualKey { virtualKey { id } }',
    }
    const keyOf = async (owner: string | undefined) => {
      const input = { workspaceId, name: `of ${owner}`, owner: { userId: owner }, providerConfigs: [] }
      return ((await acme.mutate(issueKey, input)) as { virtualKey?: { id: string } }).virtualKey?.id
    }
    const ask = (objectId: string | undefined) =>
      explain({ userId, permission: 'virtual_keys:rotate', objectId })
    expect((await ask(await keyOf(userId))).allowed).toBe(true)
    expect(await ask(await keyOf(other))).toMatchObject({
      ...{ allowed: false },
      reasons: [{ counts: false, explanation: expect.stringMatching(/^It is about the rows of others/) }],
    })
  })
})

describe('the rights of an API token', () => {
  it('are those of its role that a role of its user gives too', async () => {
    const { id: roleId } = await acme.createRole({ name: 'Teams', permissions: ['teams:*'] })
    const { id: reader } = await acme.createRole({ name: 'Reader', permissions: ['teams:view'] })
    const userId = await acme.createUser({ name: 'Frank' })
    await acme.assign({ userId, roleId: reader })
    const { id: assignmentId } = await acme.assign({ userId, roleId })
    const { id: apiTokenId } = await issueToken({ roleId, userId })
    const ask = (permission: string) => explain({ apiTokenId, permission })
    expect((await ask('teams:update')).reasons).toMatchObject([
      { assignment: null, role: { id: roleId }, counts: true },
      { role: { id: reader }, counts: false },
      { role: { id: roleId }, counts: true },
    ])
    await acme.mutate(change('removeRoleAssignment', 'ByIdInput', 'Deleted'), { id: assignmentId })
    expect((await ask('teams:view')).allowed).toBe(true)
    const bounded = await ask('teams:update')
    expect(bounded.allowed).toBe(false)
    expect(bounded.reasons[0]?.explanation).toMatch(/^Bounded by the user’s own roles: /)
  })

  it('are none once it is revoked', async () => {
    const { id: apiTokenId } = await issueToken({ role: 'VIEWER' })
    expect(await explain({ apiTokenId, permission: 'teams:view' })).toMatchObject({ allowed: true })
    await acme.mutate(change('revokeApiToken', 'ByIdInput', 'ApiToken'), { id: apiTokenId })
    expect(await explain({ apiTokenId, permission: 'teams:view' })).toMatchObject({
      ...{ allowed: false, explanation: 'No. The token is revoked.' },
      reasons: [{ counts: false }],
    })
  })
})

describe('whoever asks', () => {
  it('asks about themselves with any role, and about others with roles:view alone', async () => {
    const { id: roleId } = await acme.createRole({ name: 'Nothing much', permissions: ['models:view'] })
    const own = await issueToken({ roleId })
    const other = await issueToken({ role: 'ADMIN' })
    const self = await explainAs(own.secret, { permission: 'models:view' })
    expect(self).toMatchObject({ allowed: true, reasons: [{ role: { id: roleId }, counts: true }] })
    expect(await explainAs(own.secret, { permission: 'models:view', apiTokenId: own.id })).toEqual(self)
    const ask = (token: string, input: object) =>
      explainAs(token, { permission: 'models:view', ...input }).catch((error: Error) => error.message)
    expect(await ask(own.secret, { apiTokenId: other.id })).toMatch(/"roles:view"/)
    // A viewer sees roles and users, and no tokens.
    const viewer = await issueToken({ role: 'VIEWER' })
    expect(await ask(viewer.secret, { apiTokenId: other.id })).toMatch(/^apiTokenId: names no token/)
    const userId = await acme.createUser({ name: 'Grace' })
    expect(await ask(viewer.secret, { userId })).toMatchObject({ allowed: false })
  })

  it('learns of no object that they do not see', async () => {
    const { id: roleId } = await acme.createRole({
      name: 'Blind',
      permissions: ['teams:update', 'roles:view'],
    })
    const { secret } = await issueToken({ roleId })
    const absent = `${teamId.slice(0, -4)}0000`
    const ask = (permission: string, objectId: string) => explainAs(secret, { permission, objectId })
    const unseen = 'objectId: names nothing that you may see'
    await expect(ask('teams:view', teamId)).rejects.toThrow(unseen)
    await expect(ask('teams:view', absent)).rejects.toThrow(unseen)
    await expect(ask('teams:update', absent)).rejects.toThrow(unseen)
    expect(await ask('teams:update', teamId)).toMatchObject({ allowed: true })
    const ofOthers = { userId: await acme.createUser({ name: 'Heidi' }), permission: 'teams:view' }
    const { id: viewsUsers } = await acme.createRole({
      ...{ name: 'Views users', permissions: ['users:view', 'roles:view'] },
    })
    const asker = await issueToken({ roleId: viewsUsers })
    for (const objectId of [teamId, absent]) {
      const asked = explainAs(asker.secret, { ...ofOthers, objectId })
      await expect(asked).rejects.toThrow(unseen)
    }
  })

  it('asks one question', async () => {
    const refused = async (input: object) =>
      explain({ permission: 'teams:view', ...input }).then(
        () => 'was answered',
        ({ message }: Error) => message,
      )
    expect(await refused({ permission: 'teams:*' })).toMatch(/^permission: "teams:\*" is no permission/)
    expect(await refused({ userId: 'usr_1', apiTokenId: 'tok_1' })).toMatch(/^apiTokenId: cannot be combined/)
    expect(await refused({ userId: 'usr_1' })).toMatch(/^userId: names nobody/)
    expect(await refused({ objectId: 'usr_1' })).toMatch(/^objectId: must be the id of a customer/)
    expect(await refused({ workspaceId: 'ws_1' })).toMatch(/^workspaceId: names no workspace/)
    expect(await refused({ objectId: teamId, organizationWide: true })).toMatch(/^input: has more than one/)
  })
})
