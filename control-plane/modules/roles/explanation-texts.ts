import type { Actor } from '../../actor.ts'
import type { TokenObstacle } from '../api-tokens/index.ts'
import type { UserObstacle } from '../sessions/index.ts'
import { heldRightsOf } from './assignments.ts'
import type { Role, RoleAssignment } from './entity.ts'
import type { PermissionReason, PolicyReason, Question } from './explain-permission.ts'
import { withholdersOf } from './graph.ts'
import { aboutObject } from './objects.ts'

/*
 * Plain words for what was decided elsewhere: nothing here decides whether something counts. Of several things that
 * stand in the way, the one is told that would still stand there if all those after it were gone.
 */

const obstacles: Readonly<Record<TokenObstacle | UserObstacle, string>> = {
  revoked: 'The token is revoked.',
  expired: 'The token has expired.',
  role_deleted: 'The role of the token is deleted.',
  user_inactive: 'The user that the token stands for is inactive.',
  not_accepted: 'The organization does not accept API tokens.',
  inactive: 'The user is inactive.',
  no_role: 'The user has no role for more than single objects, and without one nobody can sign in.',
}

interface RoleText {
  readonly role: Role
  readonly via: readonly Role[]
  readonly counts: boolean
}

export type Check = readonly [isSo: boolean, text: string]

interface Answer {
  /** Whether the roles give it, whatever policies say. */
  readonly isGiven: boolean
  readonly allowed: boolean
  readonly reasons: readonly PermissionReason[]
  readonly policies: readonly PolicyReason[]
}

export function explainObstacle(obstacle: keyof typeof obstacles): string {
  return obstacles[obstacle]
}

/** The whole answer in a sentence or two. */
export function explainAnswer({ subject }: Question, known: Answer): string {
  const { isGiven, allowed, reasons, policies } = known
  if (subject.obstacle) return `No. ${obstacles[subject.obstacle]}`
  if (isGiven && !allowed) {
    const denier = policies.find(({ verdict }) => verdict !== 'allows')
    return `No. ${denier?.explanation ?? ''}`
  }
  if (allowed) return `Yes. ${reasons.findLast(({ counts }) => counts)?.explanation ?? ''}`
  const [only, ...others] = reasons
  if (!only) return 'No. They have no role.'
  return others.length === 0
    ? `No. ${only.explanation}`
    : 'No. None of the roles counts here: see each reason.'
}

/** What the role of a token does. */
export function explainToken(question: Question, text: RoleText): string {
  const { subject, permission, place } = question
  if (text.counts) return `${given(text)}${subject.token?.userId ? ' So does a role of its user.' : ''}`
  const { actor } = subject
  const isLeft = actor?.may(permission) || actor?.isGranted(permission, place.scope?.id)
  return firstOf([
    [text.via.length === 0, unnamed(question, text)],
    ...obstacleOf(question),
    [!isLeft, 'Bounded by the user’s own roles: none of them gives it wherever the token reaches.'],
    ...placeOf(question, actor),
  ])
}

/** What a role does that a user has. */
export function explainAssignment(
  question: Question,
  text: RoleText & { readonly assignment: RoleAssignment; readonly alone: Actor | undefined },
): string {
  const { subject, permission } = question
  const { assignment, alone, counts } = text
  const { objectId } = assignment
  if (counts) return `${given(text)}${objectId === null ? '' : ' It was given for this object alone.'}`
  const isEnded = heldRightsOf(subject.roles, [assignment], subject.now).length === 0
  const isShort = objectId === null ? !alone?.may(permission) : !alone?.isGranted(permission, objectId)
  return firstOf([
    [isEnded, 'Expired: the user has the role no more.'],
    [text.via.length === 0, unnamed(question, text)],
    ...obstacleOf(question),
    [
      subject.reach?.permissions.has(permission) === false,
      'Bounded by the token’s own role, which does not give it: the roles of its user add nothing to that.',
    ],
    ...(objectId === null ? [] : objectOf(question, objectId)),
    [isShort, narrower(question)],
    ...placeOf(question, alone),
  ])
}

export function given({ role, via }: Pick<RoleText, 'role' | 'via'>): string {
  const [, ...above] = via
  if (above.length === 0) return `The role "${role.name}" gives it.`
  const chain = above.map(({ name }) => `"${name}"`).join(', which inherits it from ')
  return `The role "${role.name}" inherits it from ${chain}.`
}

export function unnamed({ subject, permission }: Question, { role }: Pick<RoleText, 'role'>): string {
  const [withholder] = withholdersOf(subject.roles, role.id, permission)
  if (withholder) return `Withheld from the system role "${withholder.name}" in this organization.`
  return `Neither the role "${role.name}" nor one that it inherits from names it.`
}

function obstacleOf({ subject: { obstacle } }: Question): Check[] {
  return obstacle ? [[true, obstacles[obstacle]]] : []
}

function objectOf({ permission, place }: Question, objectId: string): Check[] {
  const isAbout = aboutObject(objectId, new Set([permission])).length > 0
  return [
    [!isAbout, 'Given for one object, of another kind than the permission is about.'],
    [place.scope?.id === undefined, 'Given for one object alone, and the question names none.'],
    [place.scope?.id !== objectId, 'Given for another object.'],
  ]
}

function narrower({ subject }: Question): string {
  if (subject.kind === 'api_token') {
    return 'Bounded: the role reaches fewer workspaces, or the rows of fewer people, than the token, and adds nothing to what it may do.'
  }
  const widest = subject.roles.get(subject.reachRoleId ?? '')?.name ?? ''
  return `Reaches fewer workspaces, or the rows of fewer people, than the role "${widest}", which says for this user where they act; only roles that reach as far add to it.`
}

function placeOf({ place: { scope, isSeen } }: Question, actor: Actor | undefined): Check[] {
  const isBeyond = scope !== undefined && actor?.reaches(scope.workspaceId) === false
  return [
    [
      isBeyond && scope.workspaceId === null,
      'Confined to workspaces, and what is asked about belongs to the organization itself.',
    ],
    [isBeyond, 'Confined to other workspaces than the one asked about.'],
    [!isSeen, 'It is about the rows of others, which they do not see.'],
  ]
}

function firstOf(checks: readonly Check[]): string {
  return checks.find(([isSo]) => isSo)?.[1] ?? 'Does not count here.'
}
