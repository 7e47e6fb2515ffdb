import type { Permission } from '../../../contract/permissions.ts'
import type { Actor, PermissionScope } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { WorkspaceEntity } from '../workspaces/index.ts'
import { placeOfObject, resourceOf } from './objects.ts'

export interface PlaceInput {
  readonly objectId?: string | null | undefined
  readonly workspaceId?: string | null | undefined
  readonly organizationWide?: boolean | null | undefined
}

/** Where a permission is asked about. */
export interface Place {
  /** Without one: anywhere at all. */
  readonly scope: PermissionScope | undefined
  /** Whether the database shows the object to the one whom the question is about. */
  readonly isSeen: boolean
}

/**
 * What a question means by its place, as far as whoever asks may know it. Of an object that they do not see they learn by
 * asking about themselves no more than by doing what they ask about.
 *
 * @throws BadUserInput
 */
export async function readPlace(
  context: ServiceContext,
  actor: Actor,
  { objectId, workspaceId, organizationWide }: PlaceInput,
  knowing: (objectId: string) => boolean,
): Promise<Place> {
  const given = [objectId != null, workspaceId != null, organizationWide === true].filter(Boolean)
  if (given.length > 1) {
    throw new BadUserInput('input', 'has more than one place: objectId, workspaceId or organizationWide')
  }
  if (organizationWide === true) return { scope: { workspaceId: null }, isSeen: true }
  if (workspaceId != null) return workspacePlace(context, actor, workspaceId)
  if (objectId == null) return { scope: undefined, isSeen: true }
  const found = await findObject(context, actor, objectId)
  const isShown = knowing(objectId) || actor.maySee(`${resourceOf(objectId)}:view` as Permission, objectId)
  if (found && isShown) return { scope: { ...found, id: objectId }, isSeen: true }
  throw new BadUserInput('objectId', 'names nothing that you may see')
}

/** The same place, for somebody to whom less or more is shown than to whoever asked. */
export async function placeSeenBy(
  context: ServiceContext,
  subject: Actor | undefined,
  place: Place,
): Promise<Place> {
  const id = place.scope?.id
  if (id === undefined || subject === undefined) return place
  return { ...place, isSeen: (await findObject(context, subject, id)) !== undefined }
}

/**
 * Whether somebody may do this there: asked as the API asks before it does it. What is only looked at is shown wherever
 * the database shows it.
 */
export function decide(actor: Actor, permission: Permission, { scope, isSeen }: Place): boolean {
  if (!isSeen) return false
  if (scope?.id !== undefined && permission.endsWith(':view')) return actor.maySee(permission, scope.id)
  return actor.may(permission, scope)
}

async function workspacePlace(context: ServiceContext, actor: Actor, workspaceId: string): Promise<Place> {
  const found = await transactionOf(context, actor, (em) => em.findOne(WorkspaceEntity, { id: workspaceId }))
  if (!found) throw new BadUserInput('workspaceId', 'names no workspace that you reach')
  return { scope: { workspaceId }, isSeen: true }
}

async function findObject(context: ServiceContext, actor: Actor, id: string) {
  try {
    return await transactionOf(context, actor, (em) => placeOfObject(em, id))
  } catch (error) {
    if (error instanceof NotFound) return undefined
    throw error
  }
}
