import { Actor } from '../../actor.ts'
import type { Database } from '../../db/database.ts'
import { ApiTokenEntity } from './entity.ts'
import { matchesDigest, parseToken } from './token.ts'

/** Whoever this token stands for; undefined when it is unknown, revoked or expired. */
export async function authenticateToken(
  database: Database,
  text: string,
  now: number,
): Promise<Actor | undefined> {
  const token = parseToken(text)
  if (!token) return undefined
  const row = await database.transaction(token.organizationId, (em) =>
    em.findOne(ApiTokenEntity, { id: token.id }),
  )
  if (!row || !matchesDigest(token.secret, row.digest)) return undefined
  if (row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt.getTime() <= now)) return undefined
  return new Actor({
    kind: 'api_token',
    id: row.id,
    name: row.name,
    organizationId: row.organizationId,
    workspaceId: row.workspaceId,
    role: row.role,
  })
}
