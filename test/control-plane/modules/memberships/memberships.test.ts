import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemActor } from '../../../../control-plane/actor.ts'
import { addToBusinessUnits, syncTeams } from '../../../../control-plane/modules/memberships/sync.ts'
import { transactionOf } from '../../../../control-plane/service-context.ts'
import { createUnits } from '../../business-units.ts'
import { type RoleApi, startRoleApi } from '../roles/role-api.ts'
import { createTeam, type Mutation } from '../tenant-api.ts'

const mutation = (field: string, selection: string, input = ''): Mutation => ({
  field,
  input: input || `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`,
  selection,
})
const membership = '... on Membership { id source user { name } team { name } businessUnit { name } }'
const addTeamMember = mutation('addTeamMember', membership)
const removeTeamMember = mutation('removeTeamMember', '... on Deleted { id }')
const addUnitMember = mutation('addBusinessUnitMember', membership)
const removeUnitMember = mutation('removeBusinessUnitMember', '... on Deleted { id }')
const updateUser = mutation('updateUser', '... on User { id }')
const rollBack = mutation('rollBackConfiguration', '... on RolledBackConfiguration { skipped }')
const deleted = (field: string) => mutation(field, '... on Deleted { id }', 'ByIdInput')

let acme: RoleApi
beforeAll(async () => {
  acme = await startRoleApi()
})
afterAll(() => acme.close())

async function newTeam(name: string): Promise<string> {
  return (await acme.mutate(createTeam, { workspaceId: acme.tenant.workspaceId, name })).id
}

async function newUnit(name: string): Promise<string> {
  const { workspaceId } = acme.tenant
  const customer = mutation('createCustomer', '... on Customer { id }')
  const { id: customerId } = await acme.mutate(customer, { workspaceId, name: `customer of ${name}` })
  return (
    await acme.mutate(mutation('createBusinessUnit', '... on BusinessUnit { id }'), { customerId, name })
  ).id
}

interface Page {
  readonly totalCount: number
  readonly edges: readonly {
    readonly node: {
      readonly source: string
      readonly user: { readonly name: string }
      readonly team: { readonly name: string } | null
      readonly businessUnit: { readonly name: string } | null
    }
  }[]
}
const page = '{ totalCount edges { node { source user { name } team { name } businessUnit { name } } } }'

async function membershipsOf(id: string): Promise<string[]> {
  const { user } = await acme.query<{ user: { memberships: Page } }>(
    `query($id: ID!) { user(id: $id) { memberships ${page} } }`,
    { id },
  )
  expect(user.memberships.totalCount).toBe(user.memberships.edges.length)
  return user.memberships.edges
    .map(({ node }) => `${node.source} ${node.team?.name ?? node.businessUnit?.name}`)
    .sort()
}

async function membersOf(field: 'team' | 'businessUnit', id: string): Promise<string[]> {
  const answer = await acme.query<Record<string, { members: Page }>>(
    `query($id: ID!) { ${field}(id: $id) { members ${page} } }`,
    { id },
  )
  return (answer[field]?.members.edges ?? []).map(({ node }) => `${node.source} ${node.user.name}`).sort()
}

describe('a user belongs to several teams and business units', () => {
  it('as somebody added them; adding them again changes nothing', async () => {
    const [eng, ml] = [await newTeam('eng'), await newTeam('ml')]
    const unit = await newUnit('research')
    const userId = await acme.createUser({ name: 'Ada' })
    const first = await acme.mutate(addTeamMember, { userId, teamId: eng })
    expect(first).toMatchObject({ source: 'MANUAL', user: { name: 'Ada' }, team: { name: 'eng' } })
    await acme.mutate(addTeamMember, { userId, teamId: ml })
    await acme.mutate(addUnitMember, { userId, businessUnitId: unit })
    expect((await acme.mutate(addTeamMember, { userId, teamId: eng })).id).toBe(first.id)
    expect(await membershipsOf(userId)).toEqual(['MANUAL eng', 'MANUAL ml', 'MANUAL research'])
    expect(await membersOf('team', eng)).toEqual(['MANUAL Ada'])
    expect(await membersOf('businessUnit', unit)).toEqual(['MANUAL Ada'])
    const added = await acme.query<{ auditEvents: { edges: { node: object }[] } }>(
      'query($id: ID!) { auditEvents(filter: { subjectId: $id }) { edges { node { type details } } } }',
      { id: eng },
    )
    const events = added.auditEvents.edges.map(({ node }) => node)
    expect(events.filter((event) => 'type' in event && event.type === 'team.member_added')).toEqual([
      { type: 'team.member_added', details: { userId, source: 'manual', membershipId: first.id } },
    ])

    expect(await acme.mutate(removeTeamMember, { userId, teamId: eng })).toMatchObject({ id: first.id })
    await acme.mutate(removeUnitMember, { userId, businessUnitId: unit })
    expect(await membershipsOf(userId)).toEqual(['MANUAL ml'])
    expect(await acme.audited('team.member_removed')).toMatchObject({ userId, source: 'manual' })
    const gone = await acme.mutate(removeTeamMember, { userId, teamId: eng })
    expect(gone).toMatchObject({ code: 'NOT_FOUND', message: `There is no member "${userId}"` })
  })

  it('once, when two add them at once', async () => {
    const teamId = await newTeam('raced')
    const userId = await acme.createUser({ name: 'Raced' })
    const made = await Promise.all([1, 2, 3, 4].map(() => acme.mutate(addTeamMember, { userId, teamId })))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
    expect(await membersOf('team', teamId)).toEqual(['MANUAL Raced'])
  })

  it('neither of which is deleted while it has members', async () => {
    const [teamId, businessUnitId] = [await newTeam('kept'), await newUnit('kept unit')]
    const userId = await acme.createUser({ name: 'Keeper' })
    await acme.mutate(addTeamMember, { userId, teamId })
    await acme.mutate(addUnitMember, { userId, businessUnitId })
    expect(await acme.mutate(deleted('deleteTeam'), { id: teamId })).toMatchObject({ code: 'IN_USE' })
    const unit = await acme.mutate(deleted('deleteBusinessUnit'), { id: businessUnitId })
    expect(unit).toMatchObject({ code: 'IN_USE' })
    await acme.mutate(deleted('deleteUser'), { id: userId })
    expect(await acme.mutate(deleted('deleteTeam'), { id: teamId })).toMatchObject({ id: teamId })
  })
})

describe('a membership remembers its source', () => {
  it('of the team that the calls are charged to, which moves with it and is not removed by hand', async () => {
    const [first, second] = [await newTeam('first'), await newTeam('second')]
    const userId = await acme.createUser({ name: 'Homely', teamId: first })
    expect(await membershipsOf(userId)).toEqual(['HOME first'])
    const refused = await acme.mutate(removeTeamMember, { userId, teamId: first })
    expect(refused).toMatchObject({ code: 'MEMBERSHIP_MANAGED' })
    expect(refused.message).toContain('change the team of the user')
    await acme.mutate(addTeamMember, { userId, teamId: first })
    await acme.mutate(updateUser, { id: userId, teamId: second })
    expect(await membershipsOf(userId)).toEqual(['HOME second', 'MANUAL first'])
    await acme.mutate(updateUser, { id: userId, name: 'Renamed' })
    await acme.mutate(updateUser, { id: userId, teamId: null })
    expect(await membershipsOf(userId)).toEqual(['MANUAL first'])
  })

  it('also when a roll-back moves the user', async () => {
    const [before, after] = [await newTeam('before'), await newTeam('after')]
    const userId = await acme.createUser({ name: 'Moved', teamId: before })
    const { configuration } = await acme.query<{ configuration: { revision: number } }>(
      '{ configuration { revision } }',
    )
    await acme.mutate(updateUser, { id: userId, teamId: after })
    await acme.mutate(rollBack, { revision: configuration.revision })
    expect(await membershipsOf(userId)).toEqual(['HOME before'])
  })

  it('and what one source says, no other ends: neither a sync nor a person [X0-09]', async () => {
    const [eng, ml] = [await newTeam('synced eng'), await newTeam('synced ml')]
    const userId = await acme.createUser({ name: 'Synced', teamId: eng })
    await acme.mutate(addTeamMember, { userId, teamId: ml })
    const { services } = acme.api.controlPlane
    const actor = systemActor(acme.tenant.organizationId)
    const sync = (source: 'idp' | 'scim', teamIds: readonly string[]) =>
      transactionOf(services, actor, (em) =>
        syncTeams(services, em, actor, source, new Map([[userId, teamIds]])),
      )

    await sync('scim', [ml])
    await sync('idp', [eng, ml])
    const all = ['HOME synced eng', 'IDP synced eng', 'IDP synced ml', 'MANUAL synced ml', 'SCIM synced ml']
    expect(await membershipsOf(userId)).toEqual(all)
    await sync('idp', [eng, ml])
    expect(await membershipsOf(userId)).toEqual(all)

    await sync('idp', [eng])
    expect(await membershipsOf(userId)).toEqual(all.filter((one) => one !== 'IDP synced ml'))
    await acme.mutate(removeTeamMember, { userId, teamId: ml })
    const refused = await acme.mutate(removeTeamMember, { userId, teamId: ml })
    expect(refused).toMatchObject({ code: 'MEMBERSHIP_MANAGED' })
    expect(await membershipsOf(userId)).toEqual(['HOME synced eng', 'IDP synced eng', 'SCIM synced ml'])
    await sync('idp', [])
    expect(await membershipsOf(userId)).toEqual(['HOME synced eng', 'SCIM synced ml'])
  })

  it('and of a team that claims name is not ended by hand: they end it themselves', async () => {
    const teamId = await newTeam('claimed team')
    const userId = await acme.createUser({ name: 'Claimed' })
    const { services } = acme.api.controlPlane
    const actor = systemActor(acme.tenant.organizationId)
    await transactionOf(services, actor, (em) =>
      syncTeams(services, em, actor, 'idp', new Map([[userId, [teamId]]])),
    )
    const refused = await acme.mutate(removeTeamMember, { userId, teamId })
    expect(refused.message).toContain('change their groups there')
    expect(await membershipsOf(userId)).toEqual(['IDP claimed team'])
  })
})

describe('what a source says of business units', () => {
  const say = (source: 'idp' | 'scim', userId: string, businessUnitIds: readonly string[]) => {
    const { services } = acme.api.controlPlane
    const actor = systemActor(acme.tenant.organizationId)
    const wanted = businessUnitIds.map((businessUnitId) => ({ userId, businessUnitId }))
    return transactionOf(services, actor, (em) => addToBusinessUnits(services, em, actor, source, wanted))
  }

  it('is only added to: what it said before stays, and so does what others say [X0-09]', async () => {
    const [first, second] = [await newUnit('unit one'), await newUnit('unit two')]
    const team = await newTeam('beside units')
    const userId = await acme.createUser({ name: 'Unified', teamId: team })
    await acme.mutate(addUnitMember, { userId, businessUnitId: first })
    await say('scim', userId, [second])
    await say('idp', userId, [first, second, first])
    const all = ['HOME beside units', 'IDP unit one', 'IDP unit two', 'MANUAL unit one', 'SCIM unit two']
    expect(await membershipsOf(userId)).toEqual(all)
    for (const said of [[first], [first, second], []]) await say('idp', userId, said)
    expect(await membershipsOf(userId)).toEqual(all)
  })

  it('outlasts that it says of teams that they are of none', async () => {
    const [unit, team] = [await newUnit('lasting unit'), await newTeam('passing team')]
    const userId = await acme.createUser({ name: 'Lasting' })
    const { services } = acme.api.controlPlane
    const actor = systemActor(acme.tenant.organizationId)
    await say('idp', userId, [unit])
    for (const teamIds of [[team], []]) {
      await transactionOf(services, actor, (em) =>
        syncTeams(services, em, actor, 'idp', new Map([[userId, teamIds]])),
      )
    }
    expect(await membershipsOf(userId)).toEqual(['IDP lasting unit'])
  })

  it('ends by hand where claims said it, after what was added by hand, and not where a directory did', async () => {
    const businessUnitId = await newUnit('left unit')
    const userId = await acme.createUser({ name: 'Leaver' })
    await acme.mutate(addUnitMember, { userId, businessUnitId })
    await say('idp', userId, [businessUnitId])
    await say('scim', userId, [businessUnitId])
    const left = [['IDP left unit', 'SCIM left unit'], ['SCIM left unit']]
    for (const expected of left) {
      await acme.mutate(removeUnitMember, { userId, businessUnitId })
      expect(await membershipsOf(userId)).toEqual(expected)
    }
    expect(await acme.audited('business_unit.member_removed')).toMatchObject({ userId, source: 'idp' })
    const refused = await acme.mutate(removeUnitMember, { userId, businessUnitId })
    expect(refused).toMatchObject({ code: 'MEMBERSHIP_MANAGED' })
  })

  it('is nothing where there is no such business unit, and in another organization there is none', async () => {
    const userId = await acme.createUser({ name: 'Stranger' })
    const other = await acme.api.createTenant('Foreign')
    const { ids } = await createUnits(acme.api, other, 'Foreign customer', ['Foreign unit'])
    await expect(say('idp', userId, ids)).rejects.toThrow('There is no business unit')
    expect(await membershipsOf(userId)).toEqual([])
  })
})

describe('nobody gets to see more by it than whoever gives it', () => {
  it('whoever sees some rows puts nobody into a team, nor themselves', async () => {
    const [own, other] = [await newTeam('own'), await newTeam('other')]
    const userId = await acme.createUser({ name: 'Curious', teamId: own })
    const permissions = ['users:*', 'teams:*', 'virtual_keys:view']
    const { id: roleId } = await acme.createRole({ name: 'Curious', permissions, rowScope: 'TEAM' })
    await acme.assign({ userId, roleId })
    const token = await acme.issue({ roleId, userId })
    for (const [what, input] of [
      [addTeamMember, { userId, teamId: other }],
      [removeTeamMember, { userId, teamId: other }],
      [updateUser, { id: userId, teamId: other }],
    ] as const) {
      const { errors } = await acme.mutateAs(token, what, input)
      expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
    }
    expect(await membershipsOf(userId)).toEqual(['HOME own'])
    const renamed = await acme.mutateAs(token, updateUser, { id: userId, name: 'Still curious' })
    expect(renamed.errors).toEqual([])
  })
})
