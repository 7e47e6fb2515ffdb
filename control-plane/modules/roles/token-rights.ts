import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { confineTo, excessOf, isWithin, type ObjectGrants, type Rights } from '../../rights.ts'
import type { RoleInUse } from '../mfa/index.ts'
import { type HeldRights, readHeldRights } from './assignments.ts'
import { RoleEntity } from './entity.ts'
import { refuseExcess, requireNoLonger } from './giving.ts'
import { nodeOf, type RoleGraph, readRoleGraph, rightsOf, rolesInUse } from './graph.ts'
import { objectGrantsOf } from './objects.ts'

/** What decides about a token's rights. */
export interface TokenTerms {
  readonly roleId: string
  /** Confines the role to one workspace. */
  readonly workspaceId: string | null
  /** Bounds the role by what this user has. */
  readonly userId: string | null
  readonly expiresAt: Date | null
}

export interface TokenRights {
  readonly rights: Rights
  readonly objectGrants: ObjectGrants
  readonly expiresAt: Date | null
}

/** With the roles by which somebody has these rights. */
export interface HeldShare extends TokenRights {
  roles(): readonly RoleInUse[]
}

/**
 * What a token may do at this time: what its role gives in its workspace and, when it stands for a user, what of that
 * the user's own roles give. Read anew for every request, so that a change of a role holds from the next one on.
 */
export async function readTokenRights(em: EntityManager, terms: TokenTerms, now: number): Promise<HeldShare> {
  const graph = terms.userId === null ? await readRoleAlone(em, terms.roleId) : await readRoleGraph(em)
  const rights = reachOfToken(graph, terms)
  const held = terms.userId === null ? [] : await readHeldRights(em, graph, terms.userId, now)
  const roles = () => rolesInUse(graph, [terms.roleId, ...held.map(({ roleId }) => roleId)])
  if (terms.userId === null) return { rights, objectGrants: new Map(), expiresAt: terms.expiresAt, roles }
  return { ...shareOf(rights, held, terms.expiresAt), roles }
}

/** The most that a token can do, whoever it stands for. */
export function reachOfToken(
  graph: RoleGraph,
  { roleId, workspaceId }: Pick<TokenTerms, 'roleId' | 'workspaceId'>,
): Rights {
  return confineTo(rightsOf(graph, roleId), workspaceId)
}

/** What of the most that somebody can do the roles that they have give, each for all of it or for single objects. */
export function shareOf(reach: Rights, held: readonly HeldRights[], expiresAt: Date | null): TokenRights {
  return {
    ...boundBy(reach, held.filter(isGeneral), expiresAt),
    objectGrants: objectGrantsOf(reach, held),
  }
}

/**
 * An actor issues no token that can do more than they can, or more than the user that it stands for.
 *
 * @throws RightsExceeded
 */
export async function requireTokenWithin(
  em: EntityManager,
  actor: Actor,
  terms: TokenTerms,
  now: number,
): Promise<void> {
  const graph = await readRoleGraph(em)
  const wanted = reachOfToken(graph, terms)
  const { permissions, reach } = excessOf(wanted, actor.givableRights)
  const isForAnother = actor.rowScope !== 'all' && (actor.user?.id ?? null) !== terms.userId
  refuseExcess({ permissions, reach: isForAnother ? [...reach, 'the rows of others'] : reach })
  requireNoLonger(actor, terms.expiresAt)
  if (terms.userId === null) return
  // What the user may do to single objects alone, the token may too, and no more than that.
  const held = await readHeldRights(em, graph, terms.userId, now)
  refuseExcess(excessOf(wanted, boundBy(wanted, held, null).rights))
}

/** Most roles inherit from none, and then need no other. */
async function readRoleAlone(em: EntityManager, id: string): Promise<RoleGraph> {
  const role = await em.findOne(RoleEntity, { id })
  if (role && role.inheritedRoleIds.length > 0) return readRoleGraph(em)
  return new Map(role ? [[id, nodeOf(role)]] : [])
}

export const isGeneral = ({ objectId }: HeldRights) => objectId === null

/** The permissions that some role of the owner gives for all that the token reaches, and when the first one ends. */
export function boundBy(
  rights: Rights,
  held: readonly HeldRights[],
  expiresAt: Date | null,
): { rights: Rights; expiresAt: Date | null } {
  const ends: number[] = expiresAt === null ? [] : [expiresAt.getTime()]
  const permissions = [...rights.permissions].filter((permission) => {
    const wanted = { ...rights, permissions: new Set([permission]) }
    const giving = held.filter((one) => isWithin(wanted, one.rights))
    ends.push(Math.max(...giving.map((one) => one.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY)))
    return giving.length > 0
  })
  const end = Math.min(...ends.filter((time) => Number.isFinite(time)))
  return {
    rights: { ...rights, permissions: new Set(permissions) },
    expiresAt: Number.isFinite(end) ? new Date(end) : null,
  }
}
