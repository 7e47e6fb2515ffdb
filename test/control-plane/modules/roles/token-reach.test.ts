import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Mutation } from '../tenant-api.ts'
import { issueApiToken, type RoleApi, startRoleApi } from './role-api.ts'

const removeAssignment: Mutation = {
  ...{ field: 'removeRoleAssignment', input: 'ByIdInput', selection: '... on Deleted { id }' },
}
const exceeded = { code: 'RIGHTS_EXCEEDED' }

let acme: RoleApi
beforeAll(async () => {
  acme = await startRoleApi()
})
afterAll(() => acme.close())

let count = 0
const createRole = async (input: object) => {
  const { id } = await acme.createRole({
    name: `role ${++count}`,
    permissions: ['virtual_keys:view'],
    ...input,
  })
  return id
}
const createUser = () => acme.createUser({ name: `user ${++count}` })

describe('a token that stands for a user', () => {
  it('reaches no other workspaces than the role by which they have the permission', async () => {
    const { workspaceId } = acme.tenant
    const [narrow, wide] = [await createRole({ workspaceIds: [workspaceId] }), await createRole({})]
    const userId = await createUser()
    await acme.assign({ userId, roleId: narrow })
    const input = { name: 'mine', roleId: wide, userId }
    expect(await acme.mutate(issueApiToken, input)).toMatchObject(exceeded)
    const { id } = await acme.assign({ userId, roleId: wide })
    const token = await acme.issue(input)
    expect(await acme.permissionsOf(token)).toEqual(['virtual_keys:view'])
    await acme.mutate(removeAssignment, { id })
    expect(await acme.permissionsOf(token)).toEqual([])
    expect(await acme.permissionsOf(await acme.issue({ ...input, workspaceId }))).toEqual([
      'virtual_keys:view',
    ])
  })

  it('shows no more rows than the role by which they have the permission', async () => {
    const [own, all] = [await createRole({ rowScope: 'OWN' }), await createRole({})]
    const userId = await createUser()
    await acme.assign({ userId, roleId: own })
    const input = { name: 'mine', roleId: all, userId }
    expect(await acme.mutate(issueApiToken, input)).toMatchObject(exceeded)
    const { id } = await acme.assign({ userId, roleId: all })
    const token = await acme.issue(input)
    expect(await acme.permissionsOf(token)).toEqual(['virtual_keys:view'])
    await acme.mutate(removeAssignment, { id })
    expect(await acme.permissionsOf(token)).toEqual([])
  })
})

it.each([
  ['OWN', 'TEAM'],
  ['OWN', 'ALL'],
  ['TEAM', 'ALL'],
])('a token of the rows of %s issues none of the rows of %s', async (held, wanted) => {
  const permissions = ['virtual_keys:view', 'api_tokens:create']
  const token = await acme.issue({ roleId: await createRole({ permissions, rowScope: held }) })
  const issue = async (rowScope: string) =>
    (await acme.mutateAs(token, issueApiToken, { name: 'other', roleId: await createRole({ rowScope }) }))
      .result
  expect(await issue(wanted)).toMatchObject(exceeded)
  expect((await issue(held)).secret).toBeDefined()
})
