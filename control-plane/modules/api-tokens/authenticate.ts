import type { EntityManager } from '@mikro-orm/postgresql'
import { Actor } from '../../actor.ts'
import type { Database } from '../../db/database.ts'
import { matchesDigest } from '../../secrets/random-secret.ts'
import { readTeamIds } from '../memberships/index.ts'
import { readTokenRights } from '../roles/index.ts'
import { type User, UserEntity } from '../users/index.ts'
import { type ApiToken, ApiTokenEntity } from './entity.ts'
import { parseToken } from './token.ts'

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
    const { actor } = await actorOfToken(em, row, now)
    return actor
  })
}

/** Why a token does nothing at all. */
export type TokenObstacle = 'revoked' | 'expired' | 'role_deleted' | 'user_inactive'

/** Whoever a token stands for, whoever presents it; or why it does not work at this time. */
export async function actorOfToken(
  em: EntityManager,
  row: ApiToken,
  now: number,
): Promise<{ actor: Actor; obstacle?: never } | { actor?: never; obstacle: TokenObstacle }> {
  if (row.revokedAt !== null) return { obstacle: 'revoked' }
  if (row.expiresAt !== null && row.expiresAt.getTime() <= now) return { obstacle: 'expired' }
  const { id, name, organizationId, roleId, userId, workspaceId, personId } = row
  if (roleId === null) return { obstacle: 'role_deleted' }
  const user = userId === null ? null : await em.findOne(UserEntity, { id: userId, active: true })
  if (userId !== null && user === null) return { obstacle: 'user_inactive' }
  const terms = { roleId, userId, workspaceId, expiresAt: row.expiresAt }
  const held = await readTokenRights(em, terms, now)
  const identity = { kind: 'api_token', id, name, organizationId, roleId, personId } as const
  return { actor: new Actor({ ...identity, ...held, user: user && (await withTeams(em, user)) }) }
}

async function withTeams(em: EntityManager, { id }: User) {
  return { id, teamIds: await readTeamIds(em, id) }
}
