import type { EntityManager } from '@mikro-orm/postgresql'
import { isAccepted, requireAccepted } from '../../accepted-credentials.ts'
import { Actor, type ActorIdentity } from '../../actor.ts'
import { Assurance } from '../../assurance.ts'
import type { RequestFacts } from '../../authorization/circumstances.ts'
import type { Database } from '../../db/database.ts'
import { matchesDigest } from '../../secrets/random-secret.ts'
import { restricted } from '../access-policies/index.ts'
import { readTeamIds } from '../memberships/index.ts'
import { appliedRules, type CredentialTerms, type RoleInUse, readCredentialTerms } from '../mfa/index.ts'
import { readTokenRights } from '../roles/index.ts'
import { type User, UserEntity } from '../users/index.ts'
import { type ApiToken, ApiTokenEntity } from './entity.ts'
import { noteUse } from './last-use.ts'
import { parseToken } from './token.ts'

/**
 * Whoever this token stands for, with what they may do at this time; undefined when it is unknown, revoked or
 * expired, or stands for a user who is inactive.
 *
 * @param facts Without them, policies that ask for them deny.
 * @throws CredentialNotAccepted
 */
export async function authenticateToken(
  database: Database,
  text: string,
  now: number,
  facts?: RequestFacts,
): Promise<Actor | undefined> {
  const token = parseToken(text)
  if (!token) return undefined
  return database.transaction(token.organizationId, async (em) => {
    const row = await em.findOne(ApiTokenEntity, { id: token.id })
    const secret = row && secretOf(row, token.secret, now)
    if (!secret) return undefined
    const { personId, shownTo } = secret
    const { actor } = await actorOfToken(em, row, now, { facts, personId, shownTo })
    if (actor) await noteUse(em, row, secret, now)
    return actor
  })
}

/** What is known of the secret that was sent: the token's own, or the one before it while that still works. */
function secretOf(row: ApiToken, secret: string, now: number) {
  const { digest, personId, shownTo, lastUsedAt, formerDigest, formerExpiresAt, formerPersonId } = row
  if (matchesDigest(secret, digest)) return { digest, personId, shownTo, lastUsedAt: lastUsedAt ?? null }
  if (formerDigest === null || formerExpiresAt === null || formerPersonId === null) return undefined
  const works = formerExpiresAt.getTime() > now && matchesDigest(secret, formerDigest)
  if (!works) return undefined
  return {
    ...{ digest: formerDigest, personId: formerPersonId, shownTo: row.formerShownTo },
    lastUsedAt: row.formerLastUsedAt ?? null,
  }
}

/** Why a token does nothing at all. */
export type TokenObstacle = 'revoked' | 'expired' | 'role_deleted' | 'user_inactive' | 'not_accepted'

/** How a token was presented. */
interface Presentation {
  /** Without them, policies that ask for them deny. */
  readonly facts?: RequestFacts | undefined
  /** Who is behind the secret that was sent. */
  readonly personId?: string
  /** Who was shown it. */
  readonly shownTo?: string | null
  /** `any`: whatever was proved when it was issued, for what is said of it and not by it. */
  readonly by?: 'any'
}

/**
 * Whoever a token stands for, whoever presents it; or why it does not work at this time.
 *
 * @throws CredentialNotAccepted unless `by` is `any`, of a token that would work otherwise
 */
export async function actorOfToken(
  em: EntityManager,
  row: ApiToken,
  now: number,
  { facts, personId = row.personId, shownTo = row.shownTo, by }: Presentation = {},
): Promise<{ actor: Actor; obstacle?: never } | { actor?: never; obstacle: TokenObstacle }> {
  if (row.revokedAt !== null) return { obstacle: 'revoked' }
  if (row.expiresAt !== null && row.expiresAt.getTime() <= now) return { obstacle: 'expired' }
  const { id, name, organizationId, roleId, userId, workspaceId } = row
  if (roleId === null) return { obstacle: 'role_deleted' }
  const user = userId === null ? null : await em.findOne(UserEntity, { id: userId, active: true })
  if (userId !== null && user === null) return { obstacle: 'user_inactive' }
  const terms = await readCredentialTerms(em, organizationId)
  const credential = row.forRecovery ? null : 'API_TOKEN'
  if (by !== 'any') requireAccepted(credential, terms.acceptedCredentials)
  else if (!isAccepted(credential, terms.acceptedCredentials)) return { obstacle: 'not_accepted' }
  const held = await readTokenRights(em, { roleId, userId, workspaceId, expiresAt: row.expiresAt }, now)
  const assurance = by === 'any' ? null : assuranceOf(row, terms, held.roles, now)
  const identity: ActorIdentity = {
    ...{ kind: 'api_token', id, name, organizationId, roleId, personId, shownTo, credential },
    ...{ ...held, assurance, user: user && (await withTeams(em, user)) },
  }
  return { actor: new Actor(await restricted(em, identity, facts, now)) }
}

function assuranceOf(
  { issuedWith }: ApiToken,
  terms: CredentialTerms,
  roles: () => readonly RoleInUse[],
  now: number,
): Assurance {
  const rules = appliedRules(terms.rules, roles)
  return new Assurance({ rules, now, proof: { of: 'token', issuedWith }, stepUpUrl: null })
}

async function withTeams(em: EntityManager, { id }: User) {
  return { id, teamIds: await readTeamIds(em, id) }
}
