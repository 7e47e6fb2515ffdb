import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../../../control-plane/db/id.ts'
import { appendAuditEvents } from '../../../../control-plane/modules/audit/index.ts'
import { recordUsage } from '../../../../control-plane/modules/usage/index.ts'
import { read } from '../../api.ts'
import { callFinished } from '../../spending-data-plane.ts'
import { createTeam, type Mutation } from '../tenant-api.ts'
import { assignRole, createRole, issueApiToken, type RoleApi, startRoleApi } from './role-api.ts'

const issueVirtualKey: Mutation = {
  field: 'issueVirtualKey',
  input: 'IssueVirtualKeyInput',
  selection: '... on IssuedVirtualKey { virtualKey { id } }',
}
const revokeVirtualKey: Mutation = {
  field: 'revokeVirtualKey',
  input: 'RevokeVirtualKeyInput',
  selection: '... on VirtualKey { id }',
}

// Row-level security alone must hide what the filter of the ORM hides too.
describe.each([{ ormFilter: true }, { ormFilter: false }])('ormFilter: $ormFilter', (options) => {
  let acme: RoleApi

  beforeAll(async () => {
    acme = await startRoleApi(options)
  })

  afterAll(() => acme.close())

  const createWorkspace = async (name: string) => {
    const selection = '... on Workspace { id }'
    return (
      await acme.mutate({ field: 'createWorkspace', input: 'CreateWorkspaceInput', selection }, { name })
    ).id
  }

  /** The names on the first page of a list. */
  async function namesSeen(token: string, list: string): Promise<string[]> {
    const { data } = await acme.api.ask(token, `{ ${list} { totalCount edges { node { name } } } }`)
    const page = read<{ totalCount: number; edges: { node: { name: string } }[] }>(data, list)
    expect(page.totalCount).toBe(page.edges.length)
    return page.edges.map(({ node }) => node.name)
  }

  describe('a role of some workspaces [S3-09]', () => {
    let north: string
    let south: string
    let east: string
    let token: string

    beforeAll(async () => {
      for (const name of ['north', 'south', 'east']) {
        const workspaceId = await createWorkspace(name)
        await acme.mutate(createTeam, { workspaceId, name: `${name} team` })
        if (name === 'north') north = workspaceId
        if (name === 'south') south = workspaceId
        if (name === 'east') east = workspaceId
      }
      const { id } = await acme.createRole({
        ...{ name: 'North and south', permissions: ['*'], workspaceIds: [north, south] },
      })
      token = await acme.issue({ roleId: id })
    })

    it('reaches these and no other', async () => {
      expect(await namesSeen(token, 'workspaces')).toEqual(['north', 'south'])
      expect(await namesSeen(token, 'teams')).toEqual(['north team', 'south team'])
      const inSouth = await acme.mutateAs(token, createTeam, { workspaceId: south, name: 'second' })
      expect(inSouth.result.id).toBeDefined()
      const inEast = await acme.mutateAs(token, createTeam, { workspaceId: east, name: 'second' })
      expect(inEast.result.code).toBe('NOT_FOUND')
    })

    it('makes no role, nor anything else of the organization', async () => {
      const { errors } = await acme.mutateAs(token, createRole, { name: 'Wide', permissions: [] })
      expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
    })

    it('issues tokens for its workspaces, and for no role that reaches further', async () => {
      const further = { name: 'all', roleId: 'role_viewer' }
      expect((await acme.mutateAs(token, issueApiToken, further)).errors[0]?.extensions.code).toBe(
        'FORBIDDEN',
      )
      const within = await acme.mutateAs(token, issueApiToken, { ...further, workspaceId: north })
      expect(await namesSeen(String(within.result.secret), 'workspaces')).toEqual(['north'])
      const elsewhere = await acme.mutateAs(token, issueApiToken, { ...further, workspaceId: east })
      expect(elsewhere.result.code).toBe('NOT_FOUND')
    })

    it('with none left reaches nothing', async () => {
      const { id } = await acme.createRole({ name: 'Nowhere', permissions: ['*'], workspaceIds: [] })
      const nowhere = await acme.issue({ roleId: id })
      expect(await namesSeen(nowhere, 'workspaces')).toEqual([])
      expect(await namesSeen(nowhere, 'teams')).toEqual([])
      const outside = await acme.issue({
        roleId: (await acme.createRole({ name: 'East', permissions: ['*'], workspaceIds: [east] })).id,
        workspaceId: north,
      })
      expect(await namesSeen(outside, 'teams')).toEqual([])
    })

    it('shows the audit events of these workspaces alone, by id too', async () => {
      const query = 'query($id: ID!) { auditEvents(filter: { subjectId: $id }) { edges { node { id } } } }'
      const { auditEvents } = await acme.query<{ auditEvents: { edges: { node: { id: string } }[] } }>(
        query,
        {
          id: east,
        },
      )
      const [event] = auditEvents.edges
      const asked = 'query($id: ID!) { node(id: $id) { id } }'
      expect(await acme.query(asked, { id: event?.node.id })).toEqual({ node: { id: event?.node.id } })
      expect((await acme.api.ask(token, asked, { id: event?.node.id })).data).toEqual({ node: null })
    })
  })

  describe('a role of some rows [X0-30]', () => {
    interface Member {
      readonly userId: string
      readonly keyId: string
    }
    const members: Record<string, Member> = {}
    let teamId: string
    let own: string
    let team: string

    async function join(name: string, userTeamId: string | null): Promise<void> {
      const { workspaceId, organizationId } = acme.tenant
      const userId = await acme.createUser({ name, teamId: userTeamId })
      const key = { workspaceId, name: `${name}’s key`, owner: { userId }, providerConfigs: [] }
      const issued = (await acme.mutate(issueVirtualKey, key)) as { virtualKey?: { id: string } }
      const keyId = issued.virtualKey?.id ?? ''
      members[name] = { userId, keyId }
      await acme.api.controlPlane.database.transaction(organizationId, async (em) => {
        const call = { workspaceId, userId, teamId: userTeamId, virtualKeyId: keyId, requestedModel: name }
        await recordUsage(em, organizationId, [{ dataPlaneId: 'dp_1', call: callFinished(call) }])
        await appendAuditEvents(em, organizationId, [
          {
            ...{
              id: newId('evt'),
              workspaceId,
              at: new Date(),
              type: `inference.of.${name}`,
              outcome: 'succeeded',
            },
            ...{ actorKind: 'virtual_key', actorId: keyId, actorName: name, details: {} },
            ...{ subjectKind: 'inference', subjectId: 'call' },
          },
        ])
      })
    }

    async function tokenOf(name: string, rowScope: string): Promise<string> {
      const permissions = ['virtual_keys:*', 'usage:view', 'audit_logs:view', 'api_tokens:create']
      const { id: roleId } = await acme.createRole({ name: `${rowScope} of ${name}`, permissions, rowScope })
      const userId = members[name]?.userId
      await acme.assign({ userId, roleId })
      return acme.issue({ roleId, userId })
    }

    beforeAll(async () => {
      teamId = (await acme.mutate(createTeam, { workspaceId: acme.tenant.workspaceId, name: 'search' })).id
      await join('alice', teamId)
      await join('bob', teamId)
      await join('carol', null)
      own = await tokenOf('alice', 'OWN')
      team = await tokenOf('alice', 'TEAM')
    })

    async function modelsSeen(token: string): Promise<{ models: string[]; requests: number }> {
      const query = '{ usage { totals { requests } totalCount edges { node { model } } } }'
      const { data } = await acme.api.ask(token, query)
      const usage = read<{
        totals: { requests: number }
        totalCount: number
        edges: { node: { model: string } }[]
      }>(data, 'usage')
      expect(usage.totalCount).toBe(usage.totals.requests)
      return { models: usage.edges.map(({ node }) => node.model).sort(), requests: usage.totals.requests }
    }

    it.each([
      ['OWN', () => own, ['alice']],
      ['TEAM', () => team, ['alice', 'bob']],
      ['ALL', () => acme.tenant.token, ['alice', 'bob', 'carol']],
    ])('%s shows these keys, calls and totals and no others', async (_, token, names) => {
      expect((await namesSeen(token(), 'virtualKeys')).sort()).toEqual(names.map((name) => `${name}’s key`))
      expect(await modelsSeen(token())).toEqual({ models: names, requests: names.length })
      const { data } = await acme.api.ask(token(), '{ auditEvents(first: 100) { edges { node { type } } } }')
      const { edges } = read<{ edges: { node: { type: string } }[] }>(data, 'auditEvents')
      const seen = edges.map(({ node }) => node.type).filter((type) => type.startsWith('inference.of.'))
      expect(seen.sort()).toEqual(names.map((name) => `inference.of.${name}`))
    })

    it('TEAM shows those of every team that one is of, for whatever reason and no longer than that', async () => {
      const { workspaceId } = acme.tenant
      const userId = members.alice?.userId
      const dans = await acme.mutate(createTeam, { workspaceId, name: 'platform' })
      const erins = await acme.mutate(createTeam, { workspaceId, name: 'research' })
      await join('dan', dans.id)
      await join('erin', null)
      const member = (field: string, type: string) => ({
        field,
        input: `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`,
        selection: `... on ${type} { id }`,
      })
      const add = (input: object) => acme.mutate(member('addTeamMember', 'Membership'), input)
      const remove = (input: object) => acme.mutate(member('removeTeamMember', 'Deleted'), input)
      await add({ userId: members.erin?.userId, teamId: erins.id })
      expect((await modelsSeen(team)).models).toEqual(['alice', 'bob'])
      await add({ userId, teamId: dans.id })
      await add({ userId, teamId: erins.id })
      const all = ['alice', 'bob', 'dan', 'erin']
      expect((await modelsSeen(team)).models).toEqual(all)
      expect((await namesSeen(team, 'virtualKeys')).sort()).toEqual(all.map((name) => `${name}’s key`))
      const { data } = await acme.api.ask(team, '{ auditEvents(first: 100) { edges { node { type } } } }')
      const { edges } = read<{ edges: { node: { type: string } }[] }>(data, 'auditEvents')
      const seen = edges.map(({ node }) => node.type).filter((type) => type.startsWith('inference.of.'))
      expect(seen.sort()).toEqual(all.map((name) => `inference.of.${name}`))
      expect((await modelsSeen(own)).models).toEqual(['alice'])
      await remove({ userId, teamId: dans.id })
      await remove({ userId, teamId: erins.id })
      expect((await modelsSeen(team)).models).toEqual(['alice', 'bob'])
    })

    it('a key of somebody else answers like one that does not exist', async () => {
      const { keyId: id = '' } = members.bob ?? {}
      const asked = await acme.api.ask(
        own,
        'query($id: ID!) { node(id: $id) { id } virtualKey(id: $id) { id } }',
        { id },
      )
      expect(asked.data).toEqual({ node: null, virtualKey: null })
      const revoked = await acme.mutateAs(own, revokeVirtualKey, { id })
      expect(revoked.result).toMatchObject({ code: 'NOT_FOUND', message: `There is no virtual key "${id}"` })
    })

    it('a key is issued for oneself, and for nobody else', async () => {
      const key = { workspaceId: acme.tenant.workspaceId, name: 'new', providerConfigs: [] }
      const forOther = { ...key, owner: { userId: members.bob?.userId } }
      const refused = await acme.mutateAs(own, issueVirtualKey, forOther)
      expect(refused.errors[0]?.extensions.code).toBe('FORBIDDEN')
      const forSelf = { ...key, owner: { userId: members.alice?.userId } }
      const issued = (await acme.mutateAs(own, issueVirtualKey, forSelf)).result as {
        virtualKey?: { id: string }
      }
      expect(issued.virtualKey?.id).toBeDefined()
      await acme.mutateAs(own, revokeVirtualKey, { id: issued.virtualKey?.id })
      const forTeamMate = await acme.mutateAs(team, issueVirtualKey, forOther)
      expect(forTeamMate.errors).toEqual([])
    })

    it('a token that stands for nobody sees no rows of a role that shows but one’s own', async () => {
      const permissions = ['virtual_keys:view', 'usage:view']
      const { id } = await acme.createRole({ name: 'Nobody’s', permissions, rowScope: 'TEAM' })
      const nobody = await acme.issue({ roleId: id })
      expect(await namesSeen(nobody, 'virtualKeys')).toEqual([])
      expect(await modelsSeen(nobody)).toEqual({ models: [], requests: 0 })
    })

    it('whoever sees their own rows makes and gives no role, which would be about the rows of others', async () => {
      const permissions = ['roles:create', 'roles:assign', 'teams:view']
      const { id: roleId } = await acme.createRole({ name: 'Own roles', permissions, rowScope: 'OWN' })
      const userId = members.alice?.userId
      await acme.assign({ userId, roleId })
      const token = await acme.issue({ roleId, userId })
      const wanted = { name: 'Made', permissions: ['teams:view'], rowScope: 'OWN' }
      const exceeded = { code: 'RIGHTS_EXCEEDED', missingPermissions: [] }
      expect((await acme.mutateAs(token, createRole, wanted)).result).toMatchObject(exceeded)
      const given = await acme.mutateAs(token, assignRole, { userId: members.bob?.userId, roleId })
      expect(given.result).toMatchObject(exceeded)
    })

    it('whoever sees their own rows issues tokens for themselves alone', async () => {
      const { id: roleId } = await acme.createRole({
        name: 'Own keys',
        permissions: ['virtual_keys:view'],
        rowScope: 'OWN',
      })
      await acme.assign({ userId: members.alice?.userId, roleId })
      await acme.assign({ userId: members.bob?.userId, roleId })
      const forBob = await acme.mutateAs(own, issueApiToken, {
        name: 'spy',
        roleId,
        userId: members.bob?.userId,
      })
      expect(forBob.result.code).toBe('RIGHTS_EXCEEDED')
      const forSelf = await acme.mutateAs(own, issueApiToken, {
        name: 'me',
        roleId,
        userId: members.alice?.userId,
      })
      expect(forSelf.result.secret).toBeDefined()
    })
  })
})
