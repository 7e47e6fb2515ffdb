import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import type { RequestFacts } from '../../authorization/circumstances.ts'
import type { Rights } from '../../rights.ts'
import { type ApiToken, actorOfToken, type TokenObstacle } from '../api-tokens/index.ts'
import { actorOfUser, type UserObstacle } from '../sessions/index.ts'
import type { User } from '../users/index.ts'
import { heldRightsOf } from './assignments.ts'
import { type Role, type RoleAssignment, RoleAssignmentEntity, RoleEntity } from './entity.ts'
import type { RoleGraph } from './graph.ts'
import { reachOfToken } from './token-rights.ts'
import { reachOfUser } from './user-rights.ts'

/** Whom a question is about. */
export type Asked =
  | { readonly kind: 'user'; readonly user: User; readonly facts: RequestFacts | undefined }
  | { readonly kind: 'api_token'; readonly token: ApiToken; readonly facts: RequestFacts | undefined }

/** Somebody as they would act now, and all that their rights come from. */
export interface Subject {
  readonly kind: Asked['kind']
  /** None when they can do nothing at all. */
  readonly actor: Actor | undefined
  /** The same, as access policies leave them. */
  readonly bound: Actor | undefined
  /** Why they can do nothing at all. */
  readonly obstacle: TokenObstacle | UserObstacle | undefined
  /** The most that they could do, whatever they have. */
  readonly reach: Rights | undefined
  /** The role that says so. */
  readonly reachRoleId: string | undefined
  readonly token: ApiToken | null
  /** Of the user, or of the user that the token stands for; ended ones too. */
  readonly assignments: readonly RoleAssignment[]
  readonly roles: ReadonlyMap<string, Role>
  readonly now: number
}

/** In a transaction that sees all of the organization, as that of a request which authenticates. */
export async function readSubject(em: EntityManager, asked: Asked, now: number): Promise<Subject> {
  const rows = await em.find(RoleEntity, {})
  const roles = new Map(rows.map((role) => [role.id, role]))
  return asked.kind === 'user'
    ? readUser(em, asked.user, { roles, now, facts: asked.facts })
    : readToken(em, asked.token, { roles, now, facts: asked.facts })
}

type Known = Pick<Subject, 'roles' | 'now'> & Pick<Asked, 'facts'>

async function readUser(em: EntityManager, user: User, { facts, ...known }: Known): Promise<Subject> {
  const assignments = await readAssignments(em, user.id)
  const { actor, obstacle } = await actorOfUser(em, user, known.now, 'any', facts)
  const most = reachOfUser(heldRightsOf(known.roles, assignments, known.now))
  return {
    ...{ ...known, kind: 'user', actor: actor?.unrestricted(), bound: actor, obstacle },
    ...{ token: null, assignments },
    ...{ reach: most?.reach, reachRoleId: most?.roleId },
  }
}

async function readToken(em: EntityManager, token: ApiToken, { facts, ...known }: Known): Promise<Subject> {
  const { userId, roleId, workspaceId } = token
  const assignments = userId === null ? [] : await readAssignments(em, userId)
  const { actor, obstacle } = await actorOfToken(em, token, known.now, { facts, by: 'any' })
  const graph: RoleGraph = known.roles
  const reach = roleId === null ? undefined : reachOfToken(graph, { roleId, workspaceId })
  return {
    ...{ ...known, kind: 'api_token', actor: actor?.unrestricted(), bound: actor, obstacle },
    ...{ token, assignments },
    ...{ reach, reachRoleId: roleId ?? undefined },
  }
}

function readAssignments(em: EntityManager, userId: string): Promise<RoleAssignment[]> {
  return em.find(RoleAssignmentEntity, { userId }, { orderBy: { id: 'asc' } })
}
