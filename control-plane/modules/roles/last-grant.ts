import type { EntityManager } from '@mikro-orm/postgresql'
import type { Permission } from '../../../contract/permissions.ts'
import { LastGrant } from './errors.ts'
import { type RoleGraph, rightsOf } from './graph.ts'

/** A token that works now, and the roles that bound it, when it stands for a user. */
interface LiveToken {
  readonly roleId: string
  readonly userRoleIds: readonly string[] | null
}

/**
 * Nobody can give what they do not have: a permission that no token has any more for the whole organization is gone for
 * good. No change of roles takes away the last one. [X0-04]
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
  const tokens = await readLiveTokens(em, now)
  const left = grantsOf(tokens, after)
  const gone = [...grantsOf(tokens, before)].filter((permission) => !left.has(permission))
  if (gone.length > 0) throw new LastGrant(gone.sort().join('", "'))
}

function readLiveTokens(em: EntityManager, now: number): Promise<LiveToken[]> {
  const isLive = '(expires_at is null or expires_at > ?)'
  return em.execute<LiveToken[]>(
    `select distinct token.role_id as "roleId", case when token.user_id is not null then coalesce((
         select jsonb_agg(role_id order by role_id) from role_assignments
         where org_id = token.org_id and user_id = token.user_id and object_id is null and ${isLive}), '[]') end as "userRoleIds"
     from api_tokens token left join users person on person.org_id = token.org_id and person.id = token.user_id
     where token.revoked_at is null and token.workspace_id is null and token.role_id is not null
       and (token.expires_at is null or token.expires_at > ?) and (token.user_id is null or person.active)`,
    [new Date(now), new Date(now)],
  )
}

/** What somebody can give, and so give back, in the whole organization. */
function grantsOf(tokens: readonly LiveToken[], graph: RoleGraph): ReadonlySet<Permission> {
  return new Set(
    tokens.flatMap(({ roleId, userRoleIds }) => {
      const own = wideRights(graph, roleId)
      if (userRoleIds === null) return own
      const held = new Set(userRoleIds.flatMap((id) => wideRights(graph, id)))
      return own.filter((permission) => held.has(permission))
    }),
  )
}

function wideRights(graph: RoleGraph, roleId: string): Permission[] {
  const { permissions, workspaceIds, rowScope } = rightsOf(graph, roleId)
  return workspaceIds === null && rowScope === 'all' ? [...permissions] : []
}
