import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { requireRow } from '../../db/require-row.ts'
import { endSessionsOfSubject } from '../../ended-sessions.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { digestOfSecret, makeSecret } from '../../secrets/random-secret.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { breakGlassProviderId } from '../../sessions/session.ts'
import { auditEscalation, requireMayActAs } from '../roles/index.ts'
import { type User, UserEntity } from '../users/index.ts'
import { type BreakGlassAccount, BreakGlassAccountEntity } from './entity.ts'

export const enrolmentMs = 24 * 3_600_000

export interface GrantedBreakGlass {
  readonly id: string
  readonly user: User
  /** With it the user chooses a password. Shown once. */
  readonly enrolmentSecret: string
  readonly expiresAt: Date
}

/**
 * Lets a user sign in with a local password and a code of an authenticator, when no identity provider answers. Whoever gets
 * the secret acts as the user afterwards: nobody grants it for a user who may do more than they. Granted anew, the user has
 * to enrol anew.
 *
 * @throws NotFound, RightsExceeded
 */
export async function grantBreakGlass(
  context: ServiceContext,
  actor: Actor,
  { userId }: { readonly userId: string },
): Promise<GrantedBreakGlass> {
  actor.require('identity_providers:update', organizationWide)
  const now = context.now()
  const expiresAt = new Date(now + enrolmentMs)
  const secret = makeSecret()
  const work = transactionOf(context, actor, async (em) => {
    const user = await requireRow(em, UserEntity, 'user', userId)
    if (!user.active) throw new BadUserInput('userId', 'names an inactive user: activate them first')
    await requireMayActAs(em, actor, userId, now)
    const account = await freshAccount(em, user, now)
    Object.assign(account, { enrolmentDigest: digestOfSecret(secret), enrolmentExpiresAt: expiresAt })
    await recordChange(context, em, actor, describe('break_glass.granted', user))
    return { id: account.id, user, enrolmentSecret: `${actor.organizationId}.${secret}`, expiresAt }
  })
  const granted = await auditEscalation(context, actor, { kind: 'user', id: userId }, work)
  await endBreakGlassSessions(context, actor, userId)
  return granted
}

/** Takes the local password away, and ends what was signed in with it. @throws NotFound */
export async function revokeBreakGlass(
  context: ServiceContext,
  actor: Actor,
  { userId }: { readonly userId: string },
): Promise<User> {
  actor.require('identity_providers:update', organizationWide)
  const user = await transactionOf(context, actor, async (em) => {
    const found = await requireRow(em, UserEntity, 'user', userId)
    const account = await em.findOne(BreakGlassAccountEntity, { userId })
    if (!account) throw new NotFound('break-glass account of the user', userId)
    em.remove(account)
    await recordChange(context, em, actor, describe('break_glass.revoked', found))
    return found
  })
  await endBreakGlassSessions(context, actor, userId)
  return user
}

const organizationWide = { workspaceId: null }

/** The user's account as if they had never had one. */
async function freshAccount(
  em: EntityManager,
  { id, organizationId }: User,
  now: number,
): Promise<BreakGlassAccount> {
  const fresh = {
    ...{ passwordHash: null, sealedTotpSecret: null, enrolledAt: null, lastTotpStep: null, lastUsedAt: null },
    createdAt: new Date(now),
  }
  const known = await em.findOne(
    BreakGlassAccountEntity,
    { userId: id },
    { lockMode: LockMode.PESSIMISTIC_WRITE },
  )
  if (known) return Object.assign(known, fresh)
  const unenrolled = { enrolmentDigest: null, enrolmentExpiresAt: null }
  return em.create(BreakGlassAccountEntity, {
    ...{ id: newId('bga'), organizationId, userId: id },
    ...{ ...unenrolled, ...fresh },
  })
}

function endBreakGlassSessions(context: ServiceContext, actor: Actor, userId: string): Promise<void> {
  const began = { providerId: breakGlassProviderId, subject: userId }
  return endSessionsOfSubject(context, actor, began, 'break_glass_revoked')
}

function describe(type: string, { id, name }: User) {
  return { type, subject: { kind: 'user', id }, details: { name, severity: 'high' } }
}
