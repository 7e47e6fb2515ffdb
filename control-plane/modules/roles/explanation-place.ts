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
  /** Whether the workspace is known: not that of an object which whoever asks does not see. */
  readonly isKnown: boolean
  /** Whether the database shows the object to the one whom the question is about. */
  readonly isSeen: boolean
}

const anywhere: Place = { scope: undefined, isKnown: true, isSeen: true }

/**
 * What a question means by its place, as far as whoever asks may know it.
 *
 * @throws BadUserInput
 */
export async function readPlace(
  context: ServiceContext,
  actor: Actor,
  { objectId, workspaceId, organizationWide }: PlaceInput,
  { isSelf }: { isSelf: boolean },
): Promise<Place> {
  const given = [objectId != null, workspaceId != null, organizationWide === true].filter(Boolean)
  if (given.length > 1) {
    throw new BadUserInput('input', 'has more than one place: objectId, workspaceId or organizationWide')
  }
  if (organizationWide === true) return { ...anywhere, scope: { workspaceId: null } }
  if (workspaceId != null) return workspacePlace(context, actor, workspaceId)
  if (objectId == null) return anywhere
  // Whether something is there that they may not see is told to nobody; of oneself it can be answered all the same.
  const isAskable = isSelf || actor.maySee(`${resourceOf(objectId)}:view` as Permission, objectId)
  const found = await findObject(context, actor, objectId)
  if (found && isAskable) return { scope: { ...found, id: objectId }, isKnown: true, isSeen: true }
  if (!isSelf) throw new BadUserInput('objectId', 'names nothing that you may see')
  return { scope: { workspaceId: null, id: objectId }, isKnown: false, isSeen: false }
}

/** The same place, for somebody to whom less or more is shown than to whoever asked. */
export async function placeSeenBy(
  context: ServiceContext,
  subject: Actor | undefined,
  place: Place,
): Promise<Place> {
  const id = place.scope?.id
  if (id === undefined || !place.isKnown || subject === undefined) return place
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
  return { ...anywhere, scope: { workspaceId } }
}

async function findObject(context: ServiceContext, actor: Actor, id: string) {
  try {
    return await transactionOf(context, actor, (em) => placeOfObject(em, id))
  } catch (error) {
    if (error instanceof NotFound) return undefined
    throw error
  }
}
