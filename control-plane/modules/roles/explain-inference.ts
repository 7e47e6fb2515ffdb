import { heldRightsOf } from './assignments.ts'
import type { RoleAssignment } from './entity.ts'
import {
  type PermissionExplanation,
  type PermissionReason,
  type Question,
  viaOf,
} from './explain-permission.ts'
import { type Check, explainObstacle, given, unnamed } from './explanation-texts.ts'

/**
 * Whether somebody may ask data planes for this, which decide it by what they are told of roles: each role for itself,
 * where it reaches, whoever sees which rows.
 *
 * @param governs whether roles decide about calls at all.
 */
export function explainInference(question: Question, governs: boolean): PermissionExplanation {
  const { actor, obstacle, kind, assignments } = question.subject
  const workspaceIds = actor === undefined ? [] : actor.workspaceIds
  const common = { policies: [], workspaceIds }
  if (kind === 'api_token') {
    const explanation = 'No. API tokens make no calls to data planes: virtual keys and access tokens do.'
    return { ...common, allowed: false, explanation, reasons: [] }
  }
  const reasons = assignments.flatMap((one) => reasonOf(question, one))
  if (!governs && obstacle !== 'inactive') {
    const explanation =
      'Yes. Roles decide about no call: `rolesGovernInference` of the client configuration is off.'
    return { ...common, allowed: true, explanation, reasons }
  }
  const counting = reasons.find(({ counts }) => counts)
  const explanation = counting ? `Yes. ${counting.explanation}` : refusalOf(question, reasons)
  return { ...common, allowed: counting !== undefined, explanation, reasons }
}

function refusalOf({ subject }: Question, [only, ...others]: readonly PermissionReason[]): string {
  if (subject.obstacle === 'inactive') return `No. ${explainObstacle(subject.obstacle)}`
  if (!only) return 'No. They have no role.'
  return others.length === 0
    ? `No. ${only.explanation}`
    : 'No. None of the roles counts here: see each reason.'
}

function reasonOf(question: Question, assignment: RoleAssignment): PermissionReason[] {
  const { subject, place } = question
  const role = subject.roles.get(assignment.roleId)
  if (!role) return []
  const { objectId, expiresAt } = assignment
  const via = viaOf(question, role)
  const { workspaceIds, rowScope } = role
  const isEnded = heldRightsOf(subject.roles, [assignment], subject.now).length === 0
  const against: readonly Check[] = [
    [isEnded, 'Expired: the user has the role no more.'],
    [via.length === 0, unnamed(question, { role })],
    [subject.obstacle === 'inactive', explainObstacle('inactive')],
    [objectId !== null, 'Given for one object alone, and such a role gives no inference.'],
    [!reaches(workspaceIds, place.scope?.workspaceId), 'Confined to the virtual keys of some workspaces.'],
  ]
  const obstacle = against.find(([isSo]) => isSo)?.[1]
  const explanation = obstacle ?? given({ role, via })
  const common = { role, via, assignment, expiresAt, objectId, workspaceIds, rowScope }
  return [{ ...common, counts: obstacle === undefined, explanation }]
}

/** @param workspaceId undefined: anywhere at all; null: in all of them. */
function reaches(workspaceIds: readonly string[] | null, workspaceId: string | null | undefined): boolean {
  if (workspaceIds === null || workspaceId === undefined) return true
  return workspaceId !== null && workspaceIds.includes(workspaceId)
}
