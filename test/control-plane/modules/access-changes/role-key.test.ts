import { afterAll, beforeAll, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { type ApprovalWorld, startApprovalWorld } from './approval-world.ts'

let world: ApprovalWorld
beforeAll(async () => {
  world = await startApprovalWorld()
}, 60_000)
afterAll(() => world.setup.close())

it('a role is taken with its key, though whoever approves it sees but their own rows', async () => {
  const { ada, eve } = world
  const createProfile = `mutation { createAccessProfile(input: { name: "analysts", providerConfigs: [] }) {
    ... on AccessProfile { id } } }`
  const { data } = await world.ask(ada, createProfile)
  const { id: accessProfileId } = read<{ id: string }>(data, 'createAccessProfile')
  const analyst = { name: 'Analyst', permissions: ['usage:view'], accessProfileId }
  const { id: roleId } = await world.mutate(ada, 'createRole', analyst)
  const { id: assignmentId } = await world.mutate(ada, 'assignRole', { userId: eve.userId, roleId })
  const approver = await world.person('cy', ['reader'])
  const narrow = {
    name: 'Approver',
    permissions: ['access_changes:approve', 'roles:assign'],
    rowScope: 'OWN',
  }
  const { id: narrowId } = await world.mutate(ada, 'createRole', narrow)
  await world.mutate(ada, 'assignRole', { userId: approver.userId, roleId: narrowId })
  await world.sql('delete from role_assignments where user_id = ? and role_id <> ?', [
    ...[approver.userId, narrowId],
  ])
  await world.require()
  const { id } = await world.request(ada, 'removeRoleAssignment', { id: assignmentId })
  const statusOfKey = () => world.sql('select status from virtual_keys where user_id = ?', [eve.userId])
  expect(await statusOfKey()).toEqual([{ status: 'active' }])
  expect(await world.decide(approver, 'approve', id)).toMatchObject({ status: 'APPROVED' })
  expect(await statusOfKey()).toEqual([{ status: 'revoked' }])
})
