import type { HeldRole, VirtualKey } from '../../contract/configuration/entities.ts'
import type { InferenceOperation, InferenceRights } from '../../plugins/sdk/builtin.ts'
import type { EntityIndex } from './entity-index.ts'

/**
 * What the roles of the user whom a key's calls are charged to give of inference there; null while roles decide about
 * none of them. A call then costs the comparison of two numbers.
 */
export function compileInference(
  { workspaceId }: VirtualKey,
  userId: string | null,
  index: EntityIndex,
): InferenceRights | null {
  if (userId === null || index.only('client_configuration')?.rolesGovernInference !== true) return null
  const held = index.get('user', userId)?.roles ?? []
  const giving = held.filter(({ id }) => reaches(index.get('role', id)?.workspaceIds, workspaceId))
  const untilOf = (operation: InferenceOperation) => latestEnd(giving, operation, index)
  return Object.freeze({
    until: Object.freeze({
      chat: untilOf('chat'),
      embeddings: untilOf('embeddings'),
      images: untilOf('images'),
    }),
    heldBack: held.map(({ id }) => index.unread.heldBack('role', id)?.heldBack).find(isGiven) ?? null,
  })
}

function reaches(workspaceIds: readonly string[] | undefined, workspaceId: string): boolean {
  return workspaceIds === undefined || workspaceIds.includes(workspaceId)
}

/** Of several roles the one that lasts longest counts. */
function latestEnd(held: readonly HeldRole[], operation: InferenceOperation, index: EntityIndex): number {
  const ends = held
    .filter(({ id }) => index.get('role', id)?.operations.includes(operation))
    .map(({ until }) => until ?? Number.POSITIVE_INFINITY)
  return Math.max(Number.NEGATIVE_INFINITY, ...ends)
}

function isGiven(reason: string | undefined): reason is string {
  return reason !== undefined
}
