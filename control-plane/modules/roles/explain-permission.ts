import { allPermissions, isInference, type Permission } from '../../../contract/permissions.ts'
import { Actor } from '../../actor.ts'
import type { PolicyVerdict } from '../../authorization/access-policy.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import type { RowScope } from '../../rights.ts'
import { transactionOf } from '../../service-context.ts'
import { ApiTokenEntity } from '../api-tokens/index.ts'
import { readClientConfiguration } from '../client-configuration/index.ts'
import { UserEntity } from '../users/index.ts'
import { heldRightsOf } from './assignments.ts'
import type { Role, RoleAssignment } from './entity.ts'
import { explainInference } from './explain-inference.ts'
import { decide, type Place, type PlaceInput, placeSeenBy, readPlace } from './explanation-place.ts'
import { policyReasons } from './explanation-policies.ts'
import { type Asked, readSubject, type Subject } from './explanation-subject.ts'
import { explainAnswer, explainAssignment, explainToken } from './explanation-texts.ts'
import { chainTo } from './graph.ts'
import { reachOfToken, shareOf } from './token-rights.ts'

export interface ExplainPermission extends PlaceInput {
  readonly userId?: string | null | undefined
  readonly apiTokenId?: string | null | undefined
  readonly permission: string
}

/** One role that somebody has, and what it does for the answer. */
export interface PermissionReason {
  readonly role: Role
  /** From the role to the one that names the permission; empty when none does. */
  readonly via: readonly Role[]
  /** Null: the role is that of the API token itself. */
  readonly assignment: RoleAssignment | null
  readonly expiresAt: Date | null
  readonly objectId: string | null
  readonly workspaceIds: readonly string[] | null
  readonly rowScope: RowScope
  readonly counts: boolean
  readonly explanation: string
}

/** An access policy about somebody and what was asked, and what it does there. */
export interface PolicyReason {
  readonly policyId: string
  readonly name: string
  readonly verdict: PolicyVerdict
  readonly explanation: string
}

export interface PermissionExplanation {
  readonly allowed: boolean
  readonly policies: readonly PolicyReason[]
  readonly explanation: string
  /** The only workspaces in which the one asked about does anything; null: all of the organization. */
  readonly workspaceIds: readonly string[] | null
  readonly reasons: readonly PermissionReason[]
}

/** A question about somebody whose rights are known. */
export interface Question {
  readonly subject: Subject
  readonly permission: Permission
  readonly place: Place
}

/**
 * Why somebody may do something, or why not.
 *
 * @throws BadUserInput, Forbidden
 */
export async function explainPermission(
  context: RequestContext,
  input: ExplainPermission,
): Promise<PermissionExplanation> {
  const { services, actor } = context
  const permission = checkPermission('permission', input.permission)
  const { kind, id } = idAsked(actor, input)
  const isSelf = actor.id === id
  const facts = isSelf ? actor.facts : undefined
  if (!isSelf) actor.require('roles:view')
  const asked = await readAsked(context, { kind, id, isSelf, facts })
  const place = await readPlace(
    services,
    actor,
    input,
    (objectId) => isSelf && actor.maySee(permission, objectId),
  )
  // Somebody's rights are what they are, however little of the organization whoever asks may see.
  const subject = await services.database.transaction(actor.organizationId, (em) =>
    readSubject(em, asked, services.now()),
  )
  if (isInference(permission)) {
    const { rolesGovernInference } = await readClientConfiguration(services, actor)
    return explainInference({ subject, permission, place }, rolesGovernInference)
  }
  return answer({ subject, permission, place: await placeSeenBy(services, subject.actor, place) })
}

/** @throws BadUserInput for what the catalogue does not have. */
export function checkPermission(field: string, text: string): Permission {
  const permission = allPermissions.find((one) => one === text)
  if (permission) return permission
  throw new BadUserInput(field, `"${text.slice(0, 64)}" is no permission: see permissionCatalog`)
}

/** The answer, of which `allowed` is what the API itself would decide for this actor. */
export function answer(question: Question): PermissionExplanation {
  const { subject, permission, place } = question
  const { actor, bound, token } = subject
  const isGiven = actor !== undefined && decide(actor, permission, place)
  const allowed = isGiven && bound !== undefined && decide(bound, permission, place)
  const policies = policyReasons(question)
  const own = token === null ? [] : tokenReason(question, isGiven)
  const reasons = [...own, ...subject.assignments.flatMap((one) => assignmentReason(question, one))]
  const workspaceIds = actor === undefined ? [] : actor.workspaceIds
  const explanation = explainAnswer(question, { isGiven, allowed, reasons, policies })
  return { allowed, explanation, workspaceIds, reasons, policies }
}

/** What the role of a token does; where the token stands for a user, it takes a role of theirs besides. */
function tokenReason(question: Question, counts: boolean): PermissionReason[] {
  const { token, roles } = question.subject
  const role = roles.get(token?.roleId ?? '')
  if (!token || !role) return []
  const { workspaceIds, rowScope } = reachOfToken(roles, { roleId: role.id, workspaceId: token.workspaceId })
  const via = viaOf(question, role)
  return [
    {
      ...{ role, via, assignment: null, expiresAt: token.expiresAt, objectId: null, workspaceIds, rowScope },
      ...{ counts, explanation: explainToken(question, { role, via, counts }) },
    },
  ]
}

function assignmentReason(question: Question, assignment: RoleAssignment): PermissionReason[] {
  const { subject, permission, place } = question
  const role = subject.roles.get(assignment.roleId)
  if (!role) return []
  const { objectId, expiresAt } = assignment
  const alone = actorWith(subject, assignment)
  const counts = alone !== undefined && decide(alone, permission, place)
  const via = viaOf(question, role)
  const explanation = explainAssignment(question, { role, via, counts, assignment, alone })
  const { workspaceIds, rowScope } = role
  return [{ role, via, assignment, expiresAt, objectId, workspaceIds, rowScope, counts, explanation }]
}

/** The same actor, if this were all that they have: rights are the union of what each role gives. */
function actorWith({ actor, reach, roles, now }: Subject, assignment: RoleAssignment): Actor | undefined {
  if (!actor || !reach) return undefined
  const { kind, id, name, organizationId, roleId, user, personId } = actor
  const identity = { kind, id, name, organizationId, roleId, user, personId, assurance: null }
  return new Actor({ ...identity, ...shareOf(reach, heldRightsOf(roles, [assignment], now), null) })
}

export function viaOf({ subject: { roles }, permission }: Question, role: Role): Role[] {
  return chainTo(roles, role.id, permission).flatMap(({ id }) => roles.get(id) ?? [])
}

function idAsked(actor: Actor, { userId, apiTokenId }: ExplainPermission) {
  if (userId != null && apiTokenId != null) {
    throw new BadUserInput('apiTokenId', 'cannot be combined with "userId": ask about one of them')
  }
  if (userId != null) return { kind: 'user', id: userId } as const
  if (apiTokenId != null) return { kind: 'api_token', id: apiTokenId } as const
  return { kind: actor.kind === 'user' ? 'user' : 'api_token', id: actor.id } as const
}

/** Of users and tokens of others, only those that lists show too. @throws BadUserInput */
async function readAsked(
  { services, actor }: RequestContext,
  { kind, id, isSelf, facts }: Pick<Asked, 'kind' | 'facts'> & { id: string; isSelf: boolean },
): Promise<Asked> {
  if (kind === 'user') {
    const user = await transactionOf(services, actor, (em) => em.findOne(UserEntity, { id }))
    if (user && (isSelf || actor.maySee('users:view', id))) return { kind, user, facts }
    throw new BadUserInput('userId', 'names nobody that you may see')
  }
  const token = await transactionOf(services, actor, (em) => em.findOne(ApiTokenEntity, { id }))
  const isShown = actor.maySee('api_tokens:view', id) && actor.reaches(token?.workspaceId ?? null)
  if (token && (isSelf || isShown)) return { kind, token, facts }
  throw new BadUserInput('apiTokenId', 'names no token that you may see')
}
