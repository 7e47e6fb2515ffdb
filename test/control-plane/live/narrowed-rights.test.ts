import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allPermissions } from '../../../contract/permissions.ts'
import { Actor } from '../../../control-plane/actor.ts'
import { createRequestContext } from '../../../control-plane/graphql/context.ts'
import { followRows } from '../../../control-plane/live/follow-rows.ts'
import type { LiveStream } from '../../../control-plane/live/live-stream.ts'
import { UsageRecordEntity } from '../../../control-plane/modules/usage/entity.ts'
import { recordUsage } from '../../../control-plane/modules/usage/index.ts'
import { usageCondition } from '../../../control-plane/modules/usage/service.ts'
import type { Rights } from '../../../control-plane/rights.ts'
import { type RoleApi, startRoleApi } from '../modules/roles/role-api.ts'
import { createTeam, type Mutation } from '../modules/tenant-api.ts'
import { callFinished } from '../spending-data-plane.ts'

type FollowedUsage = LiveStream<{ readonly id: string; readonly requestedModel: string | null }>

const updateUser: Mutation = {
  field: 'updateUser',
  input: 'UpdateUserInput',
  selection: '... on User { id }',
}
const createWorkspace: Mutation = {
  field: 'createWorkspace',
  input: 'CreateWorkspaceInput',
  selection: '... on Workspace { id }',
}

let clock = Date.now()
let acme: RoleApi
/** The workspace of my own calls. */
let mine: string
let teamId: string
let me: string
let mate: string
let stranger: string
beforeAll(async () => {
  acme = await startRoleApi({ now: () => clock })
  teamId = (await acme.mutate(createTeam, { workspaceId: acme.tenant.workspaceId, name: 'search' })).id
  mine = (await acme.mutate(createWorkspace, { name: 'mine' })).id
  me = await acme.createUser({ name: 'me', teamId })
  mate = await acme.createUser({ name: 'mate', teamId })
  stranger = await acme.createUser({ name: 'stranger' })
})
afterAll(() => acme.close())

function actorWith(rights: Partial<Rights>): Actor {
  const { organizationId } = acme.tenant
  return new Actor({
    ...{ kind: 'user', id: me, name: 'me', organizationId, roleId: 'role_admin', assurance: null },
    rights: { permissions: new Set(allPermissions), workspaceIds: null, rowScope: 'all', ...rights },
    user: { id: me, teamIds: [teamId] },
  })
}

interface Following {
  readonly stream: FollowedUsage
  /** Of the subscriber from now on. */
  has(rights: Partial<Rights>): void
}

/** Follows calls by these users, all of which are there when the first one is taken. */
async function follow(rights: Partial<Rights>, users: readonly string[]): Promise<Following> {
  let present = actorWith(rights)
  const { services, database } = acme.api.controlPlane
  const context = createRequestContext(services, present, 'request', () => Promise.resolve(present))
  const stream = await followRows(context, {
    ...{ topic: 'usage', permission: 'usage:view', table: 'usage_records', entity: UsageRecordEntity },
    where: (actor) => usageCondition(actor, {}),
  })
  const { organizationId } = acme.tenant
  for (const userId of users) {
    const workspaceId = userId === me ? mine : acme.tenant.workspaceId
    const call = callFinished({ workspaceId, userId, teamId: null, requestedModel: userId })
    await database.transaction(organizationId, (em) =>
      recordUsage(em, organizationId, [{ dataPlaneId: 'dp_1', call }]),
    )
  }
  return {
    stream,
    has(narrower) {
      present = actorWith(narrower)
    },
  }
}

/** Whose calls are told next. */
async function take(stream: FollowedUsage, count: number): Promise<unknown[]> {
  const taken: unknown[] = []
  while (taken.length < count) taken.push((await stream.next()).value?.requestedModel)
  return taken
}

describe('of a page of events that was read before', () => {
  it('all are told while their subscriber sees as much', async () => {
    const { stream } = await follow({}, [stranger, mate, me])
    expect(await take(stream, 3)).toEqual([stranger, mate, me])
    await stream.return()
  })

  it.each([
    ['their own rows alone', { rowScope: 'own' }, () => [me]],
    ['the rows of their teams alone', { rowScope: 'team' }, () => [mate, me]],
    ['their own workspace alone', () => ({ workspaceIds: [mine] }), () => [me]],
  ] as const)('none are told but those that their subscriber sees still: %s', async (_what, rights, told) => {
    const { stream, has } = await follow({}, [stranger, stranger, mate, stranger, me])
    expect(await take(stream, 1)).toEqual([stranger])
    has(typeof rights === 'function' ? rights() : rights)
    expect(await take(stream, told().length)).toEqual(told())
    await stream.return()
  })

  it('none are told of somebody who left the subscriber’s team two seconds ago', async () => {
    const { stream } = await follow({ rowScope: 'team' }, [mate, mate, me])
    expect(await take(stream, 1)).toEqual([mate])
    await acme.mutate(updateUser, { id: mate, teamId: null })
    clock += 2_000
    expect(await take(stream, 1)).toEqual([me])
    await stream.return()
    await acme.mutate(updateUser, { id: mate, teamId })
  })
})
