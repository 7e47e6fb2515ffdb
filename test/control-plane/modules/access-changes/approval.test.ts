import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Actor, systemActor } from '../../../../control-plane/actor.ts'
import { approveAccessChange } from '../../../../control-plane/modules/access-changes/decide.ts'
import { SignInRequired } from '../../../../control-plane/modules/access-changes/errors.ts'
import { requestAccessChange } from '../../../../control-plane/modules/access-changes/request.ts'
import { sweep } from '../../../../control-plane/modules/access-changes/sweep.ts'
import { assignRole } from '../../../../control-plane/modules/roles/assignments.ts'
import type { ServiceContext } from '../../../../control-plane/service-context.ts'
import { breakGlassProviderId } from '../../../../control-plane/sessions/session.ts'
import { read } from '../../api.ts'
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
beforeEach(async () => {
  await world.stop()
  await world.sql('delete from role_assignments where user_id = ? and role_id = ?', [
    ...[eve.userId, 'role_developer'],
  ])
  await world.require()
})

const developer = () => ({ userId: eve.userId, roleId: 'role_developer' })
const isDeveloper = async () => (await world.rolesOf(eve.userId)).includes('role_developer')
const issue = async (asker: Person, input: object) => {
  const document = `mutation ($input: IssueApiTokenInput!) { issueApiToken(input: $input) {
    ... on IssuedApiToken { secret } } }`
  const { data } = await world.ask(asker, document, { input: { name: 'token', role: 'ADMIN', ...input } })
  return read<{ secret: string }>(data, 'issueApiToken').secret
}

describe('a role that is given', () => {
  it('waits until somebody else approves it, and then is given in the name of whoever asked', async () => {
    const change = await world.request(ada, 'assignRole', developer())
    expect(change).toMatchObject({
      ...{ status: 'PENDING', mutation: 'assignRole', fields: ['roleId', 'userId'] },
      effects: [{ type: 'role.assigned', details: { userId: eve.userId, roleId: 'role_developer' } }],
    })
    expect(await isDeveloper()).toBe(false)
    expect(await world.decide(ben, 'approve', change.id)).toMatchObject({
      ...{ status: 'APPROVED', requestedBy: { name: 'Person ada' }, decidedBy: { name: 'Person ben' } },
    })
    expect(await isDeveloper()).toBe(true)
  })

  it('is on record with both people', async () => {
    const { id } = await world.request(ada, 'assignRole', developer())
    await world.decide(ben, 'approve', id)
    expect((await world.audited('role.assigned'))[0]).toMatchObject({
      actor: { name: 'Person ada' },
      details: { approval: { changeId: id, approvedBy: { name: 'Person ben' } } },
    })
    expect((await world.audited('access_change.approved'))[0]).toMatchObject({
      actor: { name: 'Person ben' },
      details: { requester: { name: 'Person ada' }, effects: [{ type: 'role.assigned' }] },
    })
  })

  it('is refused at once where it could never be given, and nothing waits', async () => {
    const unknown = { ...developer(), roleId: 'role_01ARZ3NDEKTSV4RRFFQ69G5FAV' }
    expect(await world.mutate(ada, 'assignRole', unknown)).toMatchObject({ code: 'NOT_FOUND' })
    expect(await world.sql('select from access_changes')).toEqual([])
  })

  it('waits once, however often it is asked for', async () => {
    const first = await world.request(ada, 'assignRole', developer())
    expect((await world.request(ada, 'assignRole', developer())).id).toBe(first.id)
    expect((await world.request(ben, 'assignRole', developer())).id).not.toBe(first.id)
  })

  it('ends with the time that was asked for, not with one that came of storing it', async () => {
    const expiresAt = '2099-01-02T03:04:05.678Z'
    const { id } = await world.request(ada, 'assignRole', { ...developer(), expiresAt })
    await world.decide(ben, 'approve', id)
    const rows = await world.sql<{ ends: Date }>(
      "select expires_at as ends from role_assignments where user_id = ? and role_id = 'role_developer'",
      [eve.userId],
    )
    expect(rows.map(({ ends }) => new Date(ends).toISOString())).toEqual([expiresAt])
  })

  it('waits beside at most 19 others', async () => {
    for (let index = 0; index < 20; index++) {
      await world.request(ada, 'assignRole', { ...developer(), expiresAt: `2099-01-01T00:00:${index + 10}Z` })
    }
    expect(await world.mutate(ada, 'assignRole', developer())).toMatchObject({
      code: 'TOO_MANY_PENDING_CHANGES',
    })
  })

  it('is given at once by Gatehouse itself', async () => {
    const { controlPlane } = world.setup.api
    const actor = systemActor(world.setup.tenant.organizationId)
    await assignRole(controlPlane.services, actor, developer())
    expect(await isDeveloper()).toBe(true)
  })

  it('is given at once by an identity provider, to whoever signs in', async () => {
    const newcomer = await world.person('newcomer', ['engineer'])
    expect(await world.rolesOf(newcomer.userId)).toEqual(['role_developer'])
  })
})

describe('nobody approves what they asked for themselves', () => {
  it('with the session with which they asked, and the attempt is on record', async () => {
    const { id } = await world.request(ada, 'assignRole', developer())
    expect(await world.decide(ada, 'approve', id)).toMatchObject({ code: 'SECOND_PERSON_REQUIRED' })
    expect((await world.audited('access_change.approval_refused'))[0]).toMatchObject({
      ...{ actor: { name: 'Person ada' }, outcome: 'denied' },
    })
    expect(await isDeveloper()).toBe(false)
    expect(await world.decide(ben, 'approve', id)).toMatchObject({ status: 'APPROVED' })
  })

  it('with another session of theirs', async () => {
    const { id } = await world.request(ada, 'assignRole', developer())
    const again = await world.person('ada', ['gatehouse-admin'])
    expect(again.userId).toBe(ada.userId)
    expect(await world.decide(again, 'approve', id)).toMatchObject({ code: 'SECOND_PERSON_REQUIRED' })
  })

  it('with an API token of theirs, one that they issued or one that stands for somebody else', async () => {
    const { id } = await world.request(ada, 'assignRole', developer())
    for (const owner of [{}, { userId: ada.userId }]) {
      const token = await issue(ada, owner)
      expect(await world.decide(token, 'approve', id)).toMatchObject({ code: 'SECOND_PERSON_REQUIRED' })
    }
    const forBen = await issue(ada, { userId: ben.userId })
    expect(await world.decide(forBen, 'approve', id)).toMatchObject({ code: 'SIGN_IN_REQUIRED' })
    expect(await world.decide(world.setup.tenant.token, 'approve', id)).toMatchObject({
      code: 'SIGN_IN_REQUIRED',
    })
    expect(await isDeveloper()).toBe(false)
  })

  it('as somebody for whom they may have chosen a local password', async () => {
    const { id } = await world.request(ada, 'assignRole', developer())
    const { services } = world.setup.api.controlPlane
    const signIn = { sessionId: 'sess_1', providerId: breakGlassProviderId, subject: ben.userId }
    const { organizationId, rights } = systemActor(world.setup.tenant.organizationId)
    const asBen = new Actor({
      ...{ kind: 'user', id: ben.userId, name: 'Ben', organizationId, roleId: 'role_admin' },
      ...{ rights, signIn, assurance: null },
    })
    await expect(approveAccessChange(services, asBen, id)).rejects.toBeInstanceOf(SignInRequired)
    const perform = (context: ServiceContext) => assignRole(context, asBen, developer())
    const wanted = { mutation: 'assignRole', input: developer(), perform }
    expect(() => requestAccessChange(services, asBen, wanted)).toThrow(SignInRequired)
    expect(await isDeveloper()).toBe(false)
  })

  it('by asking with a token that stands for somebody else', async () => {
    const forBen = await issue(ada, { userId: ben.userId })
    expect(await world.mutate(forBen, 'assignRole', developer())).toMatchObject({ code: 'SIGN_IN_REQUIRED' })
    expect(await world.sql('select from access_changes')).toEqual([])
  })
})

describe('a change that waits', () => {
  it('is made once, by however many it is approved at once', async () => {
    const cleo = await world.person('cleo', ['gatehouse-admin'])
    const { id } = await world.request(ada, 'assignRole', developer())
    const before = (await world.audited('role.assigned')).length
    const answers = await Promise.all([ben, cleo, ben, cleo].map((one) => world.decide(one, 'approve', id)))
    expect(answers.filter(({ status }) => status === 'APPROVED')).toHaveLength(1)
    expect(answers.filter(({ code }) => code === 'CHANGE_NOT_PENDING')).toHaveLength(3)
    expect(await world.audited('role.assigned')).toHaveLength(before + 1)
  })

  it('is rejected by somebody else, and withdrawn by nobody but whoever asked', async () => {
    const one = await world.request(ada, 'assignRole', developer())
    expect(await world.decide(ben, 'withdraw', one.id)).toMatchObject({ code: 'NOT_FOUND' })
    expect(await world.decide(ada, 'withdraw', one.id)).toMatchObject({ status: 'WITHDRAWN' })
    const other = await world.request(ada, 'assignRole', developer())
    expect(await world.decide(ben, 'reject', other.id)).toMatchObject({ status: 'REJECTED' })
    for (const { id } of [one, other]) {
      expect(await world.decide(ben, 'approve', id)).toMatchObject({ code: 'CHANGE_NOT_PENDING' })
    }
    expect(await isDeveloper()).toBe(false)
  })

  it('has expired after 72 hours: it is not made, and what was asked for is deleted', async () => {
    const { id } = await world.request(ada, 'assignRole', developer())
    const [row] = await world.sql<{ hours: number }>(
      'select extract(epoch from expires_at - requested_at) / 3600 as hours from access_changes',
    )
    expect(Number(row?.hours)).toBe(72)
    await world.sql("update access_changes set expires_at = now() - interval '1 second'")
    expect(await world.decide(ben, 'approve', id)).toMatchObject({
      ...{ code: 'CHANGE_NOT_PENDING', message: expect.stringContaining('expired') },
    })
    await sweep(world.setup.api.controlPlane.services, world.setup.tenant.organizationId)
    expect(await world.sql('select state, sealed_request from access_changes')).toEqual([
      { state: 'expired', sealed_request: null },
    ])
    expect((await world.audited('access_change.expired'))[0]).toMatchObject({ outcome: 'denied' })
    expect(await isDeveloper()).toBe(false)
  })

  it('is listed by what has become of it', async () => {
    const rejected = await world.request(ada, 'assignRole', developer())
    await world.decide(ben, 'reject', rejected.id)
    const pending = await world.request(ada, 'assignRole', developer())
    const document = `query ($status: AccessChangeStatus) { accessChanges(status: $status) {
      totalCount edges { node { id } } } }`
    for (const [status, { id }] of Object.entries({ PENDING: pending, REJECTED: rejected })) {
      const { data } = await world.ask(ben, document, { status })
      expect(data).toEqual({ accessChanges: { totalCount: 1, edges: [{ node: { id } }] } })
    }
  })
})

describe('what is approved is what was asked for', () => {
  const newRole = async (permissions: string[]) => {
    await world.sql('delete from access_approvals')
    const { id = '' } = await world.mutate(ada, 'createRole', { name: `role ${Math.random()}`, permissions })
    await world.require()
    return id
  }
  const stale = { code: 'CHANGE_NOT_PENDING', message: expect.stringContaining('stale') }

  it('not a role that allows more by now', async () => {
    const roleId = await newRole(['teams:view'])
    const { id } = await world.request(ada, 'assignRole', { ...developer(), roleId })
    const wider = await world.request(ben, 'updateRole', { id: roleId, permissions: ['teams:*'] })
    expect(await world.decide(ada, 'approve', wider.id)).toMatchObject({ status: 'APPROVED' })
    expect(await world.decide(ben, 'approve', id)).toMatchObject(stale)
    expect(await world.rolesOf(eve.userId)).not.toContain(roleId)
  })

  it('not a role that inherits more by now', async () => {
    const above = await newRole(['teams:view'])
    const roleId = await newRole(['customers:view'])
    await world.sql('update roles set inherited_role_ids = ?::jsonb where id = ?', [
      ...[JSON.stringify([above]), roleId],
    ])
    const { id } = await world.request(ada, 'assignRole', { ...developer(), roleId })
    await world.sql(`update roles set permissions = '["teams:view", "users:view"]' where id = ?`, [above])
    expect(await world.decide(ben, 'approve', id)).toMatchObject(stale)
  })

  it('not an identity provider that is another one by now', async () => {
    const { providerId } = world.setup
    const { id } = await world.request(ada, 'updateIdentityProvider', { id: providerId, createsUsers: false })
    await world.sql('update identity_providers set version = version + 1 where id = ?', [providerId])
    expect(await world.decide(ben, 'approve', id)).toMatchObject(stale)
    const [row] = await world.sql('select state, sealed_request, reason from access_changes')
    expect(row).toMatchObject({ state: 'stale', sealed_request: null, reason: expect.any(String) })
  })
})

describe('both may do it when it is done', () => {
  const stale = { code: 'CHANGE_NOT_PENDING', message: expect.stringContaining('stale') }
  const somebody = (roles: string[]) => world.person(`person-${Math.random().toString(36).slice(2)}`, roles)

  it('not for somebody who was deactivated since', async () => {
    const dan = await somebody(['gatehouse-admin'])
    const { id } = await world.request(dan, 'assignRole', developer())
    await world.sql('update users set active = false where id = ?', [dan.userId])
    expect(await world.decide(ben, 'approve', id)).toMatchObject(stale)
    expect(await isDeveloper()).toBe(false)
  })

  it('not for somebody who lost the permission since', async () => {
    const dan = await somebody(['gatehouse-admin'])
    const { id } = await world.request(dan, 'assignRole', developer())
    await world.sql("update role_assignments set role_id = 'role_viewer' where user_id = ?", [dan.userId])
    expect(await world.decide(ben, 'approve', id)).toMatchObject(stale)
    expect(await isDeveloper()).toBe(false)
  })

  it('not for somebody whom an access policy denies it by now', async () => {
    const dan = await somebody(['gatehouse-admin'])
    const { id } = await world.request(dan, 'assignRole', developer())
    const policy = { name: `no ${dan.userId}`, effect: 'DENY_WHEN', permissions: ['roles:assign'] }
    const create = `mutation ($input: CreateAccessPolicyInput!) { createAccessPolicy(input: $input) {
      __typename } }`
    const { data } = await world.ask(ada, create, { input: { ...policy, userIds: [dan.userId] } })
    expect(data).toEqual({ createAccessPolicy: { __typename: 'AccessPolicy' } })
    expect(await world.decide(ben, 'approve', id)).toMatchObject(stale)
  })

  it('not by somebody who may approve, but not do so themselves: it goes on waiting', async () => {
    await world.sql('delete from access_approvals')
    const permissions = ['access_changes:*', 'roles:view', 'roles:assign']
    const name = `approver ${Math.random()}`
    const { id: roleId = '' } = await world.mutate(ada, 'createRole', { name, permissions })
    const approver = await somebody(['reader'])
    await world.mutate(ada, 'assignRole', { userId: approver.userId, roleId })
    await world.require()
    const { id } = await world.request(ada, 'assignRole', developer())
    expect(await world.decide(approver, 'approve', id)).toMatchObject({ code: 'RIGHTS_EXCEEDED' })
    expect((await world.audited('access_change.approval_refused'))[0]).toMatchObject({ outcome: 'denied' })
    expect(await isDeveloper()).toBe(false)
    expect(await world.decide(ben, 'approve', id)).toMatchObject({ status: 'APPROVED' })
  })

  it('not by somebody without the permission to approve', async () => {
    const { id } = await world.request(ada, 'assignRole', developer())
    await expect(world.decide(eve, 'approve', id)).rejects.toThrow('access_changes:approve')
    await expect(world.decide(eve, 'reject', id)).rejects.toThrow('access_changes:approve')
  })
})

it('another organization sees nothing of it and decides nothing', async () => {
  const { token } = await world.setup.api.createTenant('Other')
  const { id } = await world.request(ada, 'assignRole', developer())
  const document =
    'query ($id: ID!) { accessChange(id: $id) { id } node(id: $id) { id } accessChanges { totalCount } }'
  expect((await world.ask(token, document, { id })).data).toEqual({
    ...{ accessChange: null, node: null, accessChanges: { totalCount: 0 } },
  })
  for (const verb of ['approve', 'reject', 'withdraw'] as const) {
    expect(await world.decide(token, verb, id)).toMatchObject({ code: 'NOT_FOUND' })
  }
})
