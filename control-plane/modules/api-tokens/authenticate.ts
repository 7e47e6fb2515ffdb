import type { EntityManager } from '@mikro-orm/postgresql'
import { Actor } from '../../actor.ts'
import type { Database } from '../../db/database.ts'
import { readTeamIds } from '../memberships/index.ts'
import { readTokenRights } from '../roles/index.ts'
import { type User, UserEntity } from '../users/index.ts'
import { ApiTokenEntity } from './entity.ts'
import { matchesDigest, parseToken } from './token.ts'

/**
 * Whoever this token stands for, with what they may do at this time; undefined when it is unknown, revoked or
 * expired, or stands for a user who is inactive.
 */
export async function authenticateToken(
  database: Database,
  text: string,
  now: number,
): Promise<Actor | undefined> {
  const token = parseToken(text)
  if (!token) return undefined
  return database.transaction(token.organizationId, async (em) => {
    const row = await em.findOne(ApiTokenEntity, { id: token.id })
    if (!row || !matchesDigest(token.secret, row.digest)) return undefined
    if (row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt.getTime() <= now)) return undefined
    const { id, name, organizationId, roleId, userId, workspaceId, personId } = row
    if (roleId === null) return undefined
    const user = userId === null ? null : await em.findOne(UserEntity, { id: userId, active: true })
    if (userId !== null && user === null) return undefined
    const terms = { roleId, userId, workspaceId, expiresAt: row.expiresAt }
    const held = await readTokenRights(em, terms, now)
    const identity = { kind: 'api_token', id, name, organizationId, roleId, personId } as const
    return new Actor({ ...identity, ...held, user: user && (await withTeams(em, user)) })
  })
}

async function withTeams(em: EntityManager, { id }: User) {
  return { id, teamIds: await readTeamIds(em, id) }
}
