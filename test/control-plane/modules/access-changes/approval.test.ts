import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ApprovalWorld, startApprovalWorld } from './approval-world.ts'

let world: ApprovalWorld
beforeAll(async () => {
  world = await startApprovalWorld()
}, 60_000)
afterAll(() => world.setup.close())
beforeEach(async () => {
  await world.stop()
  await world.sql('delete from role_assignments where user_id = ? and role_id = ?', [
    ...[world.eve.userId, 'role_developer'],
  ])
  await world.require()
})

const developer = () => ({ userId: world.eve.userId, roleId: 'role_developer' })

describe('a role that is given', () => {
  it('waits until somebody else approves it, and then is given in the name of whoever asked', async () => {
    const { ada, ben, eve } = world
    const before = await world.rolesOf(eve.userId)
    const change = await world.request(ada, 'assignRole', developer())
    expect(change).toMatchObject({
      ...{ status: 'PENDING', mutation: 'assignRole', fields: ['roleId', 'userId'] },
      effects: [{ type: 'role.assigned', details: { userId: eve.userId, roleId: 'role_developer' } }],
    })
    expect(await world.rolesOf(eve.userId)).toEqual(before)
    expect(await world.decide(ben, 'approve', change.id)).toMatchObject({
      ...{ status: 'APPROVED', requestedBy: { name: 'Person ada' }, decidedBy: { name: 'Person ben' } },
    })
    expect(await world.rolesOf(eve.userId)).toEqual([...before, 'role_developer'].sort())
    const [assigned] = await world.audited('role.assigned')
    expect(assigned).toMatchObject({
      actor: { name: 'Person ada' },
      details: { approval: { changeId: change.id, approvedBy: { name: 'Person ben' } } },
    })
  })
})
