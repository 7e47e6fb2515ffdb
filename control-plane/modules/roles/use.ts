import type { EntityManager } from '@mikro-orm/postgresql'
import { InUse } from '../../graphql/refusals.ts'

export const roleInUse = () =>
  new InUse('role', 'roles that inherit from it, API tokens, users, access policies or identity providers')

/**
 * Before a role goes: nobody has it, no other role inherits from it, and no access policy is about it. Assignments that have ended go with it; those
 * that have not are refused by the database.
 *
 * @returns whose assignments went
 * @throws InUse
 */
export async function requireUnusedRole(em: EntityManager, id: string, now: number): Promise<string[]> {
  const uses = await em.execute<object[]>(
    `select from api_tokens
     where role_id = ? and revoked_at is null and (expires_at is null or expires_at > ?)
     union all select from roles where inherited_role_ids @> to_jsonb(?::text)
     union all select from access_policies where role_ids @> to_jsonb(?::text) limit 1`,
    [id, new Date(now), id, id],
  )
  if (uses.length > 0) throw roleInUse()
  const ended = await em.execute<{ userId: string }[]>(
    'delete from role_assignments where role_id = ? and expires_at <= ? returning user_id as "userId"',
    [id, new Date(now)],
  )
  return ended.map(({ userId }) => userId)
}
