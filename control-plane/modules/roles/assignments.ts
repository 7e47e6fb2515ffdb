import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange, recordChanges } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { lockRow, requireRow } from '../../db/require-row.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { checkFuture } from '../../input.ts'
import type { Rights } from '../../rights.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { UserIdentityEntity } from '../identity-providers/index.ts'
import { lockUsers, type User } from '../users/index.ts'
import type { IssuedKey } from '../virtual-keys/index.ts'
import { WorkspaceEntity } from '../workspaces/index.ts'
import { type RoleAssignment, RoleAssignmentEntity } from './entity.ts'
import { requireHeld, requireNoLonger } from './giving.ts'
import { type RoleGraph, readRoleGraph, rightsOf } from './graph.ts'
import { requireObject } from './objects.ts'
import { auditEscalation } from './refused-escalation.ts'
import { endRoleKey, keepRoleKey } from './role-key.ts'
import { toldOfHolders } from './told-holders.ts'

export interface AssignRole {
  readonly userId: string
  readonly roleId: string
  /** Gives what the role may do to this object alone; null: whatever the role reaches. */
  readonly objectId?: string | null | undefined
  /** Null: until it is taken away. */
  readonly expiresAt?: Date | null | undefined
  /** Where the key that the role brings along lives; without: their team's workspace, or the only one. */
  readonly workspaceId?: string | null | undefined
}

/** A role that a user has, with the key that was issued along with it, if any. */
export type AssignedRole = RoleAssignment & { readonly issuedKey?: IssuedKey | undefined }

/** A role that a user has, and until when. */
export interface HeldRights {
  readonly roleId: string
  readonly rights: Rights
  /** The only object that they are about; null: whatever they reach. */
  readonly objectId: string | null
  readonly expiresAt: Date | null
}

/**
 * Gives a user a role and the key that it brings along, or changes how long they have both. What an identity provider gave
 * is given by hand then, and stays when its claims say so no more.
 *
 * @throws NotFound, RightsExceeded, BadUserInput
 */
export function assignRole(context: ServiceContext, actor: Actor, input: AssignRole): Promise<AssignedRole> {
  actor.require('roles:assign', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    const holders = await readHolders(em, [input.userId])
    const told = await toldOfHolders(em, actor, [input])
    const assigned = await assign({ context, em, actor }, input, holders)
    // Given by hand from now on: no provider takes it away when its claims change.
    await em.nativeUpdate(UserIdentityEntity, { roleAssignmentId: assigned.id }, { roleAssignmentId: null })
    await recordChange(context, em, actor, describe('role.assigned', assigned), told)
    return assigned
  })
  return auditEscalation(context, actor, { kind: 'user', id: input.userId }, work)
}

/** As {@link assignRole}, many at once in the caller's transaction. */
export async function assignRoles(
  context: ServiceContext,
  em: EntityManager,
  actor: Actor,
  inputs: readonly AssignRole[],
): Promise<AssignedRole[]> {
  if (inputs.length === 0) return []
  actor.require('roles:assign', organizationWide)
  const holders = await readHolders(
    em,
    inputs.map(({ userId }) => userId),
  )
  const told = await toldOfHolders(em, actor, inputs)
  const assigned: AssignedRole[] = []
  for (const input of inputs) assigned.push(await assign({ context, em, actor }, input, holders))
  await recordChanges(
    context,
    em,
    actor,
    assigned.map((one) => describe('role.assigned', one)),
    told,
  )
  return assigned
}

/**
 * Takes a role away from a user; their tokens lose at once what only it gave, and the key that it brought is revoked.
 *
 * @throws NotFound
 */
export function removeRoleAssignment(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  actor.require('roles:assign', organizationWide)
  return transactionOf(context, actor, async (em) => {
    await unassign(context, em, actor, [await lockRow(em, RoleAssignmentEntity, 'role assignment', id)])
    return { id }
  })
}

/** As {@link removeRoleAssignment}, those that are there still of many, in the caller's transaction. */
export async function removeRoleAssignments(
  context: ServiceContext,
  em: EntityManager,
  actor: Actor,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return
  actor.require('roles:assign', organizationWide)
  const locked = { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } } as const
  await unassign(context, em, actor, await em.find(RoleAssignmentEntity, { id: { $in: [...ids] } }, locked))
}

/** What a user has at this time, role by role. */
export async function readHeldRights(
  em: EntityManager,
  graph: RoleGraph,
  userId: string,
  now: number,
): Promise<HeldRights[]> {
  const assignments = await em.find(RoleAssignmentEntity, { userId })
  return heldRightsOf(graph, assignments, now)
}

/** What of these assignments has not ended, and what it gives. */
export function heldRightsOf(
  graph: RoleGraph,
  assignments: readonly RoleAssignment[],
  now: number,
): HeldRights[] {
  return assignments
    .filter(({ expiresAt }) => expiresAt === null || expiresAt.getTime() > now)
    .map(({ roleId, objectId, expiresAt }) => ({
      ...{ roleId, objectId, expiresAt },
      rights: rightsOf(graph, roleId),
    }))
}

/**
 * Whoever lets others be given roles gives them, and for good. A role that is deleted gives nothing.
 *
 * @throws Forbidden, RightsExceeded
 */
export async function requireMayGive(
  em: EntityManager,
  actor: Actor,
  roleIds: readonly string[],
): Promise<void> {
  if (roleIds.length === 0) return
  actor.require('roles:assign', organizationWide)
  const graph = await readRoleGraph(em)
  for (const roleId of roleIds) if (graph.has(roleId)) requireHeld(actor, rightsOf(graph, roleId))
  requireNoLonger(actor, null)
}

/**
 * Whoever lets somebody act as a user could be that person: they have every role that the user has now.
 *
 * @throws Forbidden, RightsExceeded
 */
export async function requireMayActAs(
  em: EntityManager,
  actor: Actor,
  userId: string,
  now: number,
): Promise<void> {
  const held = await readHeldRights(em, await readRoleGraph(em), userId, now)
  await requireMayGive(em, actor, [...new Set(held.map(({ roleId }) => roleId))])
}

/** A role is had in the organization, not in a workspace. */
const organizationWide = { workspaceId: null }

interface Assigning {
  readonly context: ServiceContext
  readonly em: EntityManager
  readonly actor: Actor
}

/** Who is to be given roles, locked, with what they have and what there is to give. */
interface Holders {
  readonly users: ReadonlyMap<string, User>
  readonly graph: RoleGraph
  /** By {@link holdingOf}. */
  readonly present: Map<string, RoleAssignment>
}

type Holding = Pick<RoleAssignment, 'userId' | 'roleId' | 'objectId'>

const holdingOf = ({ userId, roleId, objectId }: Holding) => `${userId} ${roleId} ${objectId ?? ''}`

async function readHolders(em: EntityManager, userIds: readonly string[]): Promise<Holders> {
  const users = await lockUsers(em, userIds)
  const graph = await readRoleGraph(em)
  const assignments = await em.find(RoleAssignmentEntity, { userId: { $in: [...users.keys()] } })
  return { users, graph, present: new Map(assignments.map((one) => [holdingOf(one), one])) }
}

async function assign(
  { context, em, actor }: Assigning,
  { userId, roleId, objectId = null, workspaceId, ...input }: AssignRole,
  { users, graph, present }: Holders,
): Promise<AssignedRole> {
  const expiresAt = input.expiresAt == null ? null : checkFuture('expiresAt', input.expiresAt, context.now())
  const [user, role] = [users.get(userId), graph.get(roleId)]
  if (!user) throw new NotFound('user', userId)
  if (!role) throw new NotFound('role', roleId)
  const rights = rightsOf(graph, roleId)
  requireHeld(actor, rights)
  requireNoLonger(actor, expiresAt)
  if (objectId !== null) await requireObject(em, objectId, rights)
  if (workspaceId != null) await requireRow(em, WorkspaceEntity, 'workspace', workspaceId)
  const holding = { userId, roleId, objectId }
  const assignment =
    present.get(holdingOf(holding)) ?? createAssignment(em, actor, { ...holding, expiresAt }, context.now())
  assignment.expiresAt = expiresAt
  present.set(holdingOf(holding), assignment)
  const issuedKey = await keepRoleKey(context, actor, em, { assignment, role, user }, workspaceId)
  return { ...assignment, issuedKey }
}

async function unassign(
  context: ServiceContext,
  em: EntityManager,
  actor: Actor,
  assignments: readonly RoleAssignment[],
): Promise<void> {
  const told = await toldOfHolders(em, actor, assignments)
  for (const assignment of assignments) {
    await endRoleKey(context, actor, em, assignment)
    em.remove(assignment)
  }
  await recordChanges(
    context,
    em,
    actor,
    assignments.map((one) => describe('role.unassigned', one)),
    told,
  )
}

function createAssignment(
  em: EntityManager,
  { organizationId }: Actor,
  fields: Pick<RoleAssignment, 'userId' | 'roleId' | 'objectId' | 'expiresAt'>,
  now: number,
): RoleAssignment {
  return em.create(RoleAssignmentEntity, {
    id: newId('ra'),
    organizationId,
    ...fields,
    virtualKeyId: null,
    createdAt: new Date(now),
  })
}

function describe(type: string, { id, userId, roleId, objectId, virtualKeyId, expiresAt }: RoleAssignment) {
  const details = { userId, roleId, objectId, virtualKeyId, expiresAt: expiresAt?.toISOString() ?? null }
  return { type, subject: { kind: 'role_assignment', id }, details }
}
