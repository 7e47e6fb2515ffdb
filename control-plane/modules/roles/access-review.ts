import type { FilterQuery } from '@mikro-orm/core'
import type { Permission } from '../../../contract/permissions.ts'
import type { Actor } from '../../actor.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { ApiToken } from '../api-tokens/index.ts'
import { UserEntity } from '../users/index.ts'
import { type RoleAssignment, RoleEntity } from './entity.ts'
import { checkPermission } from './explain-permission.ts'
import { permissionsOf, readRoleGraph } from './graph.ts'

export interface AccessReviewFilter {
  readonly userId?: string | null | undefined
  readonly roleId?: string | null | undefined
  readonly permission?: string | null | undefined
  readonly ended?: boolean | null | undefined
}

/** Which access is reviewed. */
export interface AccessReview {
  /** Null: of everybody. */
  readonly userId: string | null
  /** What assignments and tokens have in common. */
  readonly ofRoles: readonly object[]
  readonly ended: boolean | null
}

/** @throws BadUserInput */
export async function readReview(
  context: RequestContext,
  { userId = null, roleId, permission, ended = null }: AccessReviewFilter,
): Promise<AccessReview> {
  const { services, actor } = context
  if (userId !== null) await requireShown(context, 'userId', userId)
  if (roleId != null) await requireShown(context, 'roleId', roleId)
  const having =
    permission == null
      ? undefined
      : await readRolesWith(services, actor, checkPermission('filter.permission', permission))
  return {
    ...{ userId, ended },
    ofRoles: [
      ...(roleId == null ? [] : [{ roleId }]),
      ...(having === undefined ? [] : [{ roleId: { $in: having } }]),
    ],
  }
}

/** A review of nobody, because an id is wrong, is not to be taken for one that found nothing. @throws BadUserInput */
async function requireShown(context: RequestContext, field: 'userId' | 'roleId', id: string): Promise<void> {
  const [found] =
    field === 'userId'
      ? await loadVisible(context, 'users:view', UserEntity, [id])
      : await loadVisible(context, 'roles:view', RoleEntity, [id])
  if (!found) throw new BadUserInput(`filter.${field}`, 'names nothing that you may see')
}

/** The roles that have a permission, by themselves or by what they inherit from. */
async function readRolesWith(
  context: ServiceContext,
  actor: Actor,
  permission: Permission,
): Promise<string[]> {
  const graph = await transactionOf(context, actor, readRoleGraph)
  return [...graph.keys()].filter((id) => permissionsOf(graph, id).has(permission))
}

export function whereAssigned(
  { userId, ofRoles, ended }: AccessReview,
  now: number,
): FilterQuery<RoleAssignment> {
  const lasting = { $or: [{ expiresAt: null }, { expiresAt: { $gt: new Date(now) } }] }
  const times = { true: [{ expiresAt: { $lte: new Date(now) } }], false: [lasting], null: [] }
  const ofUser = userId === null ? [] : [{ userId }]
  return { $and: [...ofRoles, ...ofUser, ...times[`${ended}`]] } as FilterQuery<RoleAssignment>
}

/** The tokens that work, of those that the list of tokens shows too. */
export function whereLive(
  { userId, ofRoles }: AccessReview,
  { workspaceIds }: Actor,
  now: number,
): FilterQuery<ApiToken> {
  const present = new Date(now)
  const reached = workspaceIds === null ? [] : [{ workspaceId: { $in: [...workspaceIds] } }]
  const live = { revokedAt: null, $or: [{ expiresAt: null }, { expiresAt: { $gt: present } }] }
  const former = { formerShownTo: userId, formerExpiresAt: { $gt: present } }
  const ofUser = userId === null ? [] : [{ $or: [{ userId }, { shownTo: userId }, former] }]
  return {
    $and: [...ofRoles, ...ofUser, ...reached, live, { roleId: { $ne: null } }],
  } as FilterQuery<ApiToken>
}
