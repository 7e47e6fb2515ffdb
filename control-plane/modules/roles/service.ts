import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { checkVersion, type ExpectedVersion, requireRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { checkName, checkText } from '../../input.ts'
import type { RowScope } from '../../rights.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { WorkspaceEntity } from '../workspaces/index.ts'
import { type Role, RoleAssignmentEntity, RoleEntity } from './entity.ts'
import { SystemRoleFixed, TooManyRoles } from './errors.ts'
import { requireGainHeld } from './giving.ts'
import { checkInheritance, nodeOf, type RoleGraph, readRoleGraph } from './graph.ts'
import { expandPermissions } from './permissions.ts'
import { auditEscalation } from './refused-escalation.ts'

const mostRoles = 200
const longestDescription = 1_024
const mostReferences = 100

export interface CreateRole {
  readonly name: string
  readonly description?: string | null | undefined
  /** Permissions or patterns of them. */
  readonly permissions: readonly string[]
  readonly inheritedRoleIds?: readonly string[] | null | undefined
  /** Null: all of the organization. */
  readonly workspaceIds?: readonly string[] | null | undefined
  readonly rowScope?: RowScope | null | undefined
}

/** What is left out stays. */
export type UpdateRole = ExpectedVersion & { readonly id: string } & {
  readonly [Field in keyof CreateRole]?: CreateRole[Field] | null | undefined
}

type RoleFields = Pick<
  Role,
  'name' | 'description' | 'permissions' | 'inheritedRoleIds' | 'workspaceIds' | 'rowScope'
>

/** @throws NameTaken, NotFound, RightsExceeded, RoleCycle, RoleTooDeep, TooManyRoles */
export function createRole(context: ServiceContext, actor: Actor, input: CreateRole): Promise<Role> {
  actor.require('roles:create', organizationWide)
  const fields: RoleFields = { ...blank, ...checkFields(input), name: checkName('name', input.name) }
  const work = transactionOf(context, actor, async (em) => {
    const before = await lockRoleGraph(em, actor.organizationId)
    if (before.size >= mostRoles) throw new TooManyRoles(String(mostRoles))
    await requireReferences(em, before, fields)
    const role = em.create(RoleEntity, {
      id: newId('role'),
      organizationId: actor.organizationId,
      system: false,
      ...fields,
      createdAt: new Date(context.now()),
    })
    checkChange(actor, before, role)
    await recordChange(context, em, actor, describe('role.created', role, { after: detailsOf(role) }))
    return role
  })
  return auditEscalation(context, actor, ownSubject(actor), refuseViolations(nameTaken(fields.name), work))
}

/** @throws NotFound, NameTaken, SystemRoleFixed, RightsExceeded, RoleCycle, RoleTooDeep, StaleUpdate */
export function updateRole(context: ServiceContext, actor: Actor, input: UpdateRole): Promise<Role> {
  actor.require('roles:update', organizationWide)
  const fields = checkFields(input)
  const work = transactionOf(context, actor, async (em) => {
    const before = await lockRoleGraph(em, actor.organizationId)
    const role = await requireOwnRole(em, input.id)
    checkVersion(role, 'role', role.id, input.expectedVersion)
    await requireReferences(em, before, fields)
    const old = detailsOf(role)
    Object.assign(role, fields)
    checkChange(actor, before, role)
    await recordChange(
      context,
      em,
      actor,
      describe('role.updated', role, { before: old, after: detailsOf(role) }),
    )
    return role
  })
  const subject = { kind: 'role', id: input.id }
  return auditEscalation(context, actor, subject, refuseViolations(nameTaken(input.name ?? ''), work))
}

/** @throws NotFound, SystemRoleFixed, InUse */
export function deleteRole(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  actor.require('roles:delete', organizationWide)
  const inUse = () => new InUse('role', 'roles that inherit from it, API tokens or users')
  const work = transactionOf(context, actor, async (em) => {
    const graph = await lockRoleGraph(em, actor.organizationId)
    const role = await requireOwnRole(em, id)
    if ([...graph.values()].some(({ inheritedRoleIds }) => inheritedRoleIds.includes(id))) throw inUse()
    if (await hasLiveTokens(em, id, context.now())) throw inUse()
    const ended = { roleId: id, expiresAt: { $lte: new Date(context.now()) } }
    await em.nativeDelete(RoleAssignmentEntity, ended)
    em.remove(role)
    await recordChange(context, em, actor, describe('role.deleted', role, { before: detailsOf(role) }))
    return { id }
  })
  return refuseViolations({ referenced: inUse }, work)
}

/** A new role that is refused has no id: what was tried is told of whoever tried it. */
function ownSubject({ kind, id }: Actor) {
  return { kind, id }
}

/** A role belongs to the organization, not to a workspace. */
const organizationWide = { workspaceId: null }

const blank: Omit<RoleFields, 'name'> = {
  description: '',
  permissions: [],
  inheritedRoleIds: [],
  workspaceIds: null,
  rowScope: 'all',
}

function checkFields(input: Partial<CreateRole> | UpdateRole): Partial<RoleFields> {
  const { name, description, permissions, inheritedRoleIds, workspaceIds, rowScope } = input
  return {
    ...(name != null && { name: checkName('name', name) }),
    ...(description != null && { description: checkDescription(description) }),
    ...(permissions != null && { permissions: expandPermissions('permissions', permissions) }),
    ...(inheritedRoleIds != null && { inheritedRoleIds: checkIds('inheritedRoleIds', inheritedRoleIds) }),
    ...(workspaceIds !== undefined && {
      workspaceIds: workspaceIds && checkIds('workspaceIds', workspaceIds),
    }),
    ...(rowScope != null && { rowScope }),
  }
}

function checkDescription(description: string): string {
  return description === ''
    ? ''
    : checkText('description', description, { maximumLength: longestDescription })
}

function checkIds(field: string, ids: readonly string[]): string[] {
  const distinct = [...new Set(ids)]
  if (distinct.length <= mostReferences) return distinct
  throw new BadUserInput(field, `must name at most ${mostReferences}, not ${distinct.length}`)
}

/** Every change of a role waits for the one before it, so that no two of them close a cycle together. */
async function lockRoleGraph(em: EntityManager, organizationId: string): Promise<RoleGraph> {
  await em.execute(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [`roles of ${organizationId}`])
  return readRoleGraph(em)
}

/** @throws NotFound */
async function requireReferences(
  em: EntityManager,
  graph: RoleGraph,
  { inheritedRoleIds = [], workspaceIds = null }: Partial<RoleFields>,
): Promise<void> {
  const missing = inheritedRoleIds.find((id) => !graph.has(id))
  if (missing !== undefined) throw new NotFound('role', missing)
  if (workspaceIds === null) return
  const found = await em.find(WorkspaceEntity, { id: { $in: workspaceIds } })
  const absent = workspaceIds.find((id) => !found.some((workspace) => workspace.id === id))
  if (absent !== undefined) throw new NotFound('workspace', absent)
}

async function requireOwnRole(em: EntityManager, id: string): Promise<Role> {
  const role = await requireRow(em, RoleEntity, 'role', id)
  if (role.system) throw new SystemRoleFixed(role.name)
  return role
}

async function hasLiveTokens(em: EntityManager, roleId: string, now: number): Promise<boolean> {
  const rows = await em.execute<object[]>(
    `select from api_tokens
     where role_id = ? and revoked_at is null and (expires_at is null or expires_at > ?) limit 1`,
    [roleId, new Date(now)],
  )
  return rows.length > 0
}

function checkChange(actor: Actor, before: RoleGraph, role: Role): void {
  const after = new Map(before).set(role.id, nodeOf(role))
  checkInheritance(after, role.id)
  requireGainHeld(actor, before, after, role.id)
}

const nameTaken = (name: string) => ({ unique: { roles_name_key: () => new NameTaken('role', name) } })

function detailsOf({ name, description, permissions, inheritedRoleIds, workspaceIds, rowScope }: Role) {
  return { name, description, permissions, inheritedRoleIds, workspaceIds, rowScope }
}

function describe(type: string, { id }: Role, details: { before?: RoleFields; after?: RoleFields }) {
  const { before, after } = details
  const subject = { kind: 'role', id }
  return {
    type,
    subject,
    details: { ...(before && { before: { ...before } }), ...(after && { after: { ...after } }) },
  }
}
