import type { EntityManager } from '@mikro-orm/postgresql'
import type { Permission } from '../../../contract/permissions.ts'
import type { Rights } from '../../rights.ts'
import { LastGrant } from './errors.ts'
import { type RoleGraph, rightsOf } from './graph.ts'
import { reachOfUser } from './user-rights.ts'
import { canSendJwt, canSignIn, hasBreakGlass, isTokenAccepted } from './ways-in.ts'

/** By what somebody acts now: an API token, one that stands for a user, or a user who gets in by themselves. */
interface Giver {
  /** Null: no token. */
  readonly tokenRoleId: string | null
  /** The roles of the user that do not end by themselves; null: no user. */
  readonly userRoleIds: readonly string[] | null
  /** Whether it does not end by itself. */
  readonly lasts: boolean
}

/**
 * Nobody can give what they do not have: a permission that nobody has any more for the whole organization is gone for good.
 * No change of roles takes away the last one, nor the last one that lasts. [X0-04]
 *
 * @param now Milliseconds since the epoch.
 * @throws LastGrant
 */
export async function requireGrantsLeft(
  em: EntityManager,
  before: RoleGraph,
  after: RoleGraph,
  now: number,
): Promise<void> {
  const givers = await readGivers(em, now)
  for (const some of [givers, givers.filter(({ lasts }) => lasts)]) {
    const left = grantsOf(some, after)
    const gone = [...grantsOf(some, before)].filter((permission) => !left.has(permission))
    if (gone.length > 0) throw new LastGrant(gone.sort().join('", "'))
  }
}

function readGivers(em: EntityManager, now: number): Promise<Giver[]> {
  return em.execute<Giver[]>(
    `with person as (
       select person.org_id, person.id, jsonb_agg(assignment.role_id order by assignment.role_id) as role_ids
       from role_assignments assignment
       join users person on person.org_id = assignment.org_id and person.id = assignment.user_id
       where assignment.object_id is null and assignment.expires_at is null and person.active
       group by person.org_id, person.id)
     select token.role_id as "tokenRoleId", person.role_ids as "userRoleIds", token.expires_at is null as lasts
     from api_tokens token left join person on person.org_id = token.org_id and person.id = token.user_id
     where token.revoked_at is null and token.workspace_id is null and token.role_id is not null
       and (token.expires_at is null or token.expires_at > ?)
       and (token.user_id is null or person.id is not null) and ${isTokenAccepted}
     union
     select null, role_ids, true from person where ${canSignIn} or ${canSendJwt} or ${hasBreakGlass}`,
    [new Date(now)],
  )
}

/** What somebody can give, and so give back, in the whole organization. */
function grantsOf(givers: readonly Giver[], graph: RoleGraph): ReadonlySet<Permission> {
  return new Set(
    givers.flatMap(({ tokenRoleId, userRoleIds }) => {
      const ofToken = tokenRoleId === null ? null : wideRights(rightsOf(graph, tokenRoleId))
      if (userRoleIds === null) return ofToken ?? []
      const ofUser = new Set(userRoleIds.flatMap((id) => wideRights(rightsOf(graph, id))))
      if (ofToken) return ofToken.filter((permission) => ofUser.has(permission))
      return actsWidely(graph, userRoleIds) ? [...ofUser] : []
    }),
  )
}

function wideRights({ permissions, ...reach }: Rights): Permission[] {
  return isWide(reach) ? [...permissions] : []
}

/** Whoever signs in acts where and on whose rows one of their roles says. */
function actsWidely(graph: RoleGraph, roleIds: readonly string[]): boolean {
  const lasting = { objectId: null, expiresAt: null }
  const most = reachOfUser(roleIds.map((roleId) => ({ ...lasting, roleId, rights: rightsOf(graph, roleId) })))
  return most !== undefined && isWide(most.reach)
}

function isWide({ workspaceIds, rowScope }: Omit<Rights, 'permissions'>): boolean {
  return workspaceIds === null && rowScope === 'all'
}
