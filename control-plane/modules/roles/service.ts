import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange, toldOfRoles } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { checkVersion, type ExpectedVersion, requireRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NameTaken, NotFound } from '../../graphql/refusals.ts'
import { checkName, checkText } from '../../input.ts'
import type { RowScope } from '../../rights.ts'
import { type Clock, type ServiceContext, transactionOf } from '../../service-context.ts'
import { AccessProfileEntity } from '../access-profiles/index.ts'
import { WorkspaceEntity } from '../workspaces/index.ts'
import { type Role, RoleEntity } from './entity.ts'
import { SystemRoleFixed } from './errors.ts'
import { lockRoleGraph, nodeOf, ownPermissions, type RoleGraph, releasedPermissions } from './graph.ts'
import { requireGrantsLeft } from './last-grant.ts'
import { expandPermissions } from './permissions.ts'
import { auditEscalation } from './refused-escalation.ts'
import { requireRoom, requireSoundRoles } from './soundness.ts'
import { systemRoleId } from './system-roles.ts'
import { requireUnusedRole, roleInUse } from './use.ts'

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
  /** The profile of the key that it brings along; null: none. */
  readonly accessProfileId?: string | null | undefined
}

/** What is left out stays. */
export type UpdateRole = ExpectedVersion & { readonly id: string } & {
  readonly [Field in keyof CreateRole]?: CreateRole[Field] | null | undefined
}

type RoleFields = Pick<
  Role,
  | 'name'
  | 'description'
  | 'permissions'
  | 'inheritedRoleIds'
  | 'workspaceIds'
  | 'rowScope'
  | 'accessProfileId'
>

/** @throws NameTaken, NotFound, RightsExceeded, RoleCycle, RoleTooDeep, TooManyRoles */
export function createRole(context: ServiceContext, actor: Actor, input: CreateRole): Promise<Role> {
  actor.require('roles:create', organizationWide)
  const fields: RoleFields = { ...blank, ...checkFields(input), name: checkName('name', input.name) }
  const work = transactionOf(context, actor, async (em) => {
    const before = await lockRoleGraph(em, actor.organizationId)
    requireRoom(before.size + 1)
    await requireReferences(em, before, fields)
    const role = em.create(RoleEntity, {
      id: newId('role'),
      organizationId: actor.organizationId,
      system: false,
      withheldPermissions: [],
      ...fields,
      createdAt: new Date(context.now()),
    })
    requireSoundRoles(actor, before, new Map(before).set(role.id, nodeOf(role)), [role.id])
    await recordChange(
      context,
      em,
      actor,
      describe('role.created', role, { after: detailsOf(role) }),
      toldOfRoles,
    )
    return role
  })
  return auditEscalation(context, actor, ownSubject(actor), refuseViolations(nameTaken(fields.name), work))
}

/**
 * Of a system role, only the permissions can be changed.
 *
 * @throws NotFound, NameTaken, SystemRoleFixed, LastGrant, RightsExceeded, RoleCycle, RoleTooDeep, StaleUpdate
 */
export function updateRole(context: ServiceContext, actor: Actor, input: UpdateRole): Promise<Role> {
  actor.require('roles:update', organizationWide)
  const fields = checkFields(input)
  const work = transactionOf(context, actor, async (em) => {
    const before = await lockRoleGraph(em, actor.organizationId)
    const role = await requireRow(em, RoleEntity, 'role', input.id)
    checkVersion(role, 'role', role.id, input.expectedVersion)
    await requireReferences(em, before, fields)
    const old = detailsOf(role)
    Object.assign(role, role.system ? systemFields(role, fields) : fields)
    const after = new Map(before).set(role.id, nodeOf(role))
    requireSoundRoles(actor, before, after, [role.id])
    await requireGrantsLeft(em, before, after, context.now())
    await recordChange(
      context,
      em,
      actor,
      describe('role.updated', role, { before: old, after: detailsOf(role) }),
      toldOfRoles,
    )
    return role
  })
  const subject = { kind: 'role', id: input.id }
  return auditEscalation(context, actor, subject, refuseViolations(nameTaken(input.name ?? ''), work))
}

/** @throws NotFound, SystemRoleFixed, InUse */
export function deleteRole(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  actor.require('roles:delete', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    await lockRoleGraph(em, actor.organizationId)
    const role = await requireRow(em, RoleEntity, 'role', id)
    if (role.system) throw new SystemRoleFixed(role.name)
    const holders = await requireUnusedRole(em, id, context.now())
    em.remove(role)
    await recordChange(context, em, actor, describe('role.deleted', role, { before: detailsOf(role) }), {
      ...toldOfRoles,
      holders,
    })
    return { id }
  })
  return refuseViolations({ referenced: roleInUse }, work)
}

/**
 * For whoever has the database: the role admin allows all that the release says again, whatever the organization withheld
 * from it. In the caller's transaction.
 */
export async function restoreAdminRole(clock: Clock, em: EntityManager, actor: Actor): Promise<void> {
  await lockRoleGraph(em, actor.organizationId)
  const role = await requireRow(em, RoleEntity, 'role', systemRoleId('admin'))
  if (role.withheldPermissions.length === 0) return
  const old = detailsOf(role)
  role.withheldPermissions = []
  const entry = describe('role.updated', role, { before: old, after: detailsOf(role) })
  await recordChange(clock, em, actor, entry, toldOfRoles)
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
  accessProfileId: null,
}

function checkFields(input: Partial<CreateRole> | UpdateRole): Partial<RoleFields> {
  const { name, description, permissions, inheritedRoleIds, workspaceIds, rowScope, accessProfileId } = input
  return {
    ...(name != null && { name: checkName('name', name) }),
    ...(description != null && { description: checkDescription(description) }),
    ...(permissions != null && { permissions: expandPermissions('permissions', permissions) }),
    ...(inheritedRoleIds != null && { inheritedRoleIds: checkIds('inheritedRoleIds', inheritedRoleIds) }),
    ...(workspaceIds !== undefined && {
      workspaceIds: workspaceIds && checkIds('workspaceIds', workspaceIds),
    }),
    ...(rowScope != null && { rowScope }),
    ...(accessProfileId !== undefined && { accessProfileId }),
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

/** @throws NotFound */
async function requireReferences(
  em: EntityManager,
  graph: RoleGraph,
  { inheritedRoleIds = [], workspaceIds = null, accessProfileId = null }: Partial<RoleFields>,
): Promise<void> {
  if (accessProfileId !== null) await requireRow(em, AccessProfileEntity, 'access profile', accessProfileId)
  const missing = inheritedRoleIds.find((id) => !graph.has(id))
  if (missing !== undefined) throw new NotFound('role', missing)
  if (workspaceIds === null) return
  const found = await em.find(WorkspaceEntity, { id: { $in: workspaceIds } })
  const absent = workspaceIds.find((id) => !found.some((workspace) => workspace.id === id))
  if (absent !== undefined) throw new NotFound('workspace', absent)
}

/**
 * What is kept of a system role's permissions: how they differ from those of the release, so that a later release's new
 * ones come to it too.
 *
 * @throws SystemRoleFixed
 */
function systemFields({ name }: Role, { permissions, ...others }: Partial<RoleFields>) {
  if (Object.keys(others).length > 0) throw new SystemRoleFixed(name)
  if (permissions === undefined) return {}
  const released: readonly string[] = releasedPermissions(name)
  return {
    permissions: permissions.filter((permission) => !released.includes(permission)),
    withheldPermissions: released.filter((permission) => !permissions.includes(permission)).sort(),
  }
}

const nameTaken = (name: string) => ({ unique: { roles_name_key: () => new NameTaken('role', name) } })

function detailsOf(role: Role): RoleFields {
  const { name, description, inheritedRoleIds, workspaceIds, rowScope, accessProfileId } = role
  const permissions = [...ownPermissions(role)].sort()
  return { name, description, permissions, inheritedRoleIds, workspaceIds, rowScope, accessProfileId }
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
