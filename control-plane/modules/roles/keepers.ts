import type { EntityManager } from '@mikro-orm/postgresql'
import type { Permission } from '../../../contract/permissions.ts'
import { readRoleGraph, rightsOf } from './graph.ts'
import { canSignIn, isTokenAccepted } from './ways-in.ts'

/** Somebody who acts for the whole organization. */
export interface Keeper {
  readonly kind: 'api_token' | 'user'
  readonly id: string
  readonly organizationId: string
  readonly roleId: string
  readonly user: { readonly id: string; readonly teamIds: readonly string[] } | null
  readonly personId: string
}

const mostKeepers = 200

/**
 * Who can use a permission for the whole organization, by roles that do not end by themselves: users who can sign in, and
 * API tokens, by what the organization accepts. At most 200 of each, the oldest.
 *
 * @param now Milliseconds since the epoch.
 */
export async function readKeepers(em: EntityManager, permission: Permission, now: number): Promise<Keeper[]> {
  const graph = await readRoleGraph(em)
  const giving = [...graph.keys()].filter((id) => {
    const { permissions, workspaceIds, rowScope } = rightsOf(graph, id)
    return workspaceIds === null && rowScope === 'all' && permissions.has(permission)
  })
  const rows = await em.execute<(Omit<Keeper, 'user'> & { readonly userId: string | null })[]>(
    `with giving as (select jsonb_array_elements_text(?::jsonb) as role_id),
       people as (select person.id, person.org_id, min(role_id) as role_id
         from role_assignments join giving using (role_id)
         join users person on person.org_id = role_assignments.org_id and person.id = user_id
         where object_id is null and expires_at is null and person.active
         group by person.id, person.org_id)
     (select 'user' as kind, id, org_id as "organizationId", role_id as "roleId", id as "userId", id as "personId"
      from people person where ${canSignIn} order by id limit ?)
     union all
     (select 'api_token', id, org_id, role_id, user_id, person_id from api_tokens token join giving using (role_id)
      where workspace_id is null and revoked_at is null and (expires_at is null or expires_at > ?)
        and (user_id is null or user_id in (select id from people)) and ${isTokenAccepted}
      order by id limit ?)`,
    [JSON.stringify(giving), mostKeepers, new Date(now), mostKeepers],
  )
  return rows.map(({ userId, ...row }) => ({
    ...row,
    user: userId === null ? null : { id: userId, teamIds: [] },
  }))
}
