import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { createProvider, createTeam, type Mutation } from '../tenant-api.ts'
import { assignRole, createRole, issueApiToken, type RoleApi, startRoleApi } from './role-api.ts'

const update = (type: string): Mutation => ({
  field: `update${type}`,
  input: `Update${type}Input`,
  selection: `... on ${type} { id name }`,
})
const byId = (field: string, type = 'Deleted'): Mutation => ({
  field,
  input: 'ByIdInput',
  selection: `... on ${type} { id }`,
})
const create = (field: string, type: string): Mutation => ({
  field,
  input: `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`,
  selection: `... on ${type} { id }`,
})

let acme: RoleApi
beforeAll(async () => {
  acme = await startRoleApi()
})
afterAll(() => acme.close())

/** Two of each kind of object. */
const objects: Record<string, readonly [string, string]> = {}

beforeAll(async () => {
  const { workspaceId } = acme.tenant
  const two = async (make: (name: string) => Promise<string>) =>
    [await make('granted'), await make('other')] as const
  const made = async (mutation: Mutation, input: object) => (await acme.mutate(mutation, input)).id
  objects.Customer = await two((name) => made(create('createCustomer', 'Customer'), { workspaceId, name }))
  const [customerId] = objects.Customer
  objects.BusinessUnit = await two((name) =>
    made(create('createBusinessUnit', 'BusinessUnit'), { customerId, name }),
  )
  objects.Team = await two((name) => made(createTeam, { workspaceId, name }))
  const [teamId] = objects.Team
  objects.Provider = await two((name) =>
    made(createProvider, { name, baseUrl: 'https://api.example.com/v1' }),
  )
  const issue: Mutation = {
    field: 'issueVirtualKey',
    input: 'IssueVirtualKeyInput',
    selection: '... on IssuedVirtualKey { virtualKey { id } }',
  }
  objects.VirtualKey = await two(async (name) => {
    const key = { workspaceId, name, owner: { teamId }, providerConfigs: [] }
    return ((await acme.mutate(issue, key)) as { virtualKey?: { id: string } }).virtualKey?.id ?? ''
  })
})

let roles = 0

/** The token of a user who has a role for one object, and for nothing else. */
async function grantedFor(objectId: string, permissions: readonly string[]) {
  roles += 1
  const { id: roleId } = await acme.createRole({ name: `For one object ${roles}`, permissions })
  const userId = await acme.createUser({ name: `User of ${objectId}` })
  const assigned = await acme.assign({ userId, roleId, objectId })
  return { roleId, userId, assignmentId: assigned.id, token: await acme.issue({ roleId, userId }) }
}

const kinds = [
  ['Customer', 'customers'],
  ['BusinessUnit', 'business_units'],
  ['Team', 'teams'],
  ['Provider', 'providers'],
  ['VirtualKey', 'virtual_keys'],
] as const

describe('a role for one object [S3-09]', () => {
  it.each(kinds)('does to this %s what it says, and nothing to another or to all', async (type, resource) => {
    const [granted = '', other = ''] = objects[type] ?? []
    const { token } = await grantedFor(granted, [`${resource}:*`])
    const field = `${type.charAt(0).toLowerCase()}${type.slice(1)}`
    const ask = (id: string) =>
      acme.api.ask(token, `query($id: ID!) { ${field}(id: $id) { id } node(id: $id) { id } }`, { id })
    expect((await ask(granted)).data).toEqual({ [field]: { id: granted }, node: { id: granted } })
    const name = 'changed'
    expect((await acme.mutateAs(token, update(type), { id: granted, name })).result).toMatchObject({ name })

    const absent = `${other.slice(0, -4)}0000`
    for (const id of [other, absent]) {
      const read = await acme.api.ask(token, 'query($id: ID!) { node(id: $id) { id } }', { id })
      expect(read).toMatchObject({ data: { node: null }, errors: [] })
      for (const answer of [await ask(id), await acme.mutateAs(token, update(type), { id, name })]) {
        expect(answer.errors[0]?.extensions.code).toBe('FORBIDDEN')
      }
    }
    const list = { BusinessUnit: 'businessUnits', VirtualKey: 'virtualKeys' }[type as string] ?? `${field}s`
    const listed = await acme.api.ask(token, `{ ${list} { totalCount } }`)
    expect(listed.errors[0]?.extensions.code).toBe('FORBIDDEN')
    const { data } = await acme.api.ask(acme.tenant.token, `{ ${field}(id: "${other}") { name } }`)
    expect(data).toEqual({ [field]: { name: 'other' } })
  })

  it('shows itself to whoever has it, and gives no permission anywhere else', async () => {
    const [teamId = ''] = objects.Team ?? []
    const { token } = await grantedFor(teamId, ['teams:view', 'teams:update', 'customers:view'])
    const { data } = await acme.api.ask(
      token,
      '{ viewer { permissions objectGrants { objectId permissions } } }',
    )
    expect(read(data, 'viewer')).toEqual({
      permissions: [],
      // What is about customers holds for no team.
      objectGrants: [{ objectId: teamId, permissions: ['teams:update', 'teams:view'] }],
    })
    const { data: seen } = await acme.api.ask(token, `{ team(id: "${teamId}") { id customer { id } } }`)
    expect(seen).toEqual({ team: { id: teamId, customer: null } })
    const deletion = await acme.mutateAs(token, byId('deleteTeam'), { id: teamId })
    expect(deletion.errors[0]?.extensions.code).toBe('FORBIDDEN')
  })

  it('adds to what else they have; each object is a grant of its own', async () => {
    const [first = '', second = ''] = objects.Team ?? []
    const { roleId, userId, token } = await grantedFor(first, ['teams:view', 'teams:update'])
    expect((await acme.mutateAs(token, update('Team'), { id: second, name: 'a' })).errors).toHaveLength(1)
    await acme.assign({ userId, roleId, objectId: second })
    expect((await acme.mutateAs(token, update('Team'), { id: second, name: 'a' })).result.id).toBe(second)
    await acme.assign({ userId, roleId })
    const { data } = await acme.api.ask(token, '{ teams { totalCount } }')
    expect(data).toEqual({ teams: { totalCount: 2 } })
    await acme.mutateAs(acme.tenant.token, update('Team'), { id: second, name: 'other' })
  })

  it('ends when it is taken away, from the next request on', async () => {
    const [teamId = ''] = objects.Team ?? []
    const { token, assignmentId } = await grantedFor(teamId, ['teams:view'])
    const ask = () => acme.api.ask(token, `{ team(id: "${teamId}") { id } }`)
    expect((await ask()).data).toEqual({ team: { id: teamId } })
    await acme.mutate(byId('removeRoleAssignment'), { id: assignmentId })
    expect((await ask()).errors[0]?.extensions.code).toBe('FORBIDDEN')
  })

  it('reaches no further than the token: neither another workspace nor another role', async () => {
    const [teamId = ''] = objects.Team ?? []
    const { roleId, userId } = await grantedFor(teamId, ['teams:view', 'teams:update'])
    const workspace = create('createWorkspace', 'Workspace')
    const { id: workspaceId } = await acme.mutate(workspace, { name: 'elsewhere' })
    const confined = await acme.issue({ roleId, userId, workspaceId })
    const { data } = await acme.api.ask(confined, `{ team(id: "${teamId}") { id } }`)
    expect(data).toEqual({ team: null })
    const { result } = await acme.mutateAs(confined, update('Team'), { id: teamId, name: 'x' })
    expect(result.code).toBe('NOT_FOUND')
    const { id: viewOnly } = await acme.createRole({ name: 'View teams', permissions: ['teams:view'] })
    const narrow = await acme.issue({ roleId: viewOnly, userId })
    const refused = await acme.mutateAs(narrow, update('Team'), { id: teamId, name: 'x' })
    expect(refused.errors[0]?.extensions.code).toBe('FORBIDDEN')
  })

  it('is given by nobody who does not have it for everything, and gives nothing on', async () => {
    const [teamId = ''] = objects.Team ?? []
    const { roleId, userId, token } = await grantedFor(teamId, ['teams:view', 'teams:update'])
    const { id: giverRole } = await acme.createRole({
      ...{ name: 'Giver', permissions: ['roles:*', 'api_tokens:create'] },
    })
    await acme.assign({ userId, roleId: giverRole })
    const giver = await acme.issue({ roleId: giverRole, userId })
    const given = await acme.mutateAs(giver, assignRole, { userId, roleId, objectId: teamId })
    expect(given.result).toMatchObject({ code: 'RIGHTS_EXCEEDED' })
    const issued = await acme.mutateAs(giver, issueApiToken, { name: 'x', roleId, userId })
    expect(issued.result).toMatchObject({ code: 'RIGHTS_EXCEEDED' })
    const made = await acme.mutateAs(token, createRole, { name: 'x', permissions: [] })
    expect(made.errors[0]?.extensions.code).toBe('FORBIDDEN')
  })

  it('is for objects of some kinds, that are there, and of which the role says something', async () => {
    const [teamId = ''] = objects.Team ?? []
    const userId = await acme.createUser({ name: 'Nobody in particular' })
    const { id: roleId } = await acme.createRole({ name: 'Plain', permissions: ['teams:view'] })
    const refusal = (objectId: string) => acme.refusal(assignRole, { userId, roleId, objectId })
    expect(await refusal(userId)).toMatch(/^objectId: must be the id of a customer, /)
    expect(await refusal((objects.Provider ?? [])[0] ?? '')).toMatch(/^objectId: names an object of which/)
    const { workspaceId } = acme.tenant
    const placed = { userId, roleId, objectId: teamId, workspaceId }
    expect(await acme.refusal(assignRole, placed)).toMatch(/^workspaceId: /)
    const missing = await acme.assign({ userId, roleId, objectId: 'team_01ARZ3NDEKTSV4RRFFQ69G5FAV' })
    expect(missing).toMatchObject({ code: 'NOT_FOUND' })
    const twice = [1, 2].map(() => acme.assign({ userId, roleId, objectId: teamId }))
    const [one, again] = await Promise.all(twice)
    expect(again?.id).toBe(one?.id)
    expect(await acme.audited('role.assigned')).toMatchObject({ userId, roleId, objectId: teamId })
  })
})
