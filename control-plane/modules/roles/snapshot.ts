import type { HeldRole, Role as RoleDocument } from '../../../contract/configuration/entities.ts'
import { inferenceOperations } from '../../../contract/permissions.ts'
import type { RoleAssignment } from './entity.ts'
import { type RoleGraph, rightsOf } from './graph.ts'

/** What data planes are told of roles while these govern inference: of those that give none nothing. */
export function roleSnapshots(graph: RoleGraph): RoleDocument[] {
  return [...graph.keys()].flatMap((id) => {
    const { permissions, workspaceIds } = rightsOf(graph, id)
    const operations = inferenceOperations.filter((operation) => permissions.has(`inference:${operation}`))
    if (operations.length === 0) return []
    const document: RoleDocument = { kind: 'role', id, operations: operations.toSorted() }
    return workspaceIds === null ? document : { ...document, workspaceIds: workspaceIds.toSorted() }
  })
}

/** What a user has by these assignments, ended ones included: a data plane looks at its own clock. None is for an object. */
export function heldRolesSnapshot(
  assignments: readonly Pick<RoleAssignment, 'roleId' | 'expiresAt'>[],
): HeldRole[] {
  return assignments
    .map(({ roleId, expiresAt }) => ({ id: roleId, ...(expiresAt && { until: expiresAt.getTime() }) }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
}
