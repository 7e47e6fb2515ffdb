import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../actor.ts'
import { asOneRevision, recordChange } from '../change.ts'
import { newId } from '../db/id.ts'
import { requireRow } from '../db/require-row.ts'
import { endSessionsOfSubject } from '../ended-sessions.ts'
import { Refusal } from '../graphql/errors.ts'
import { NotFound, refusalType } from '../graphql/refusals.ts'
import { checkText } from '../input.ts'
import { identityChange } from '../modules/access-tokens/index.ts'
import {
  type IdentityProvider,
  IdentityProviderEntity,
  type UserIdentity,
  UserIdentityEntity,
} from '../modules/identity-providers/index.ts'
import { syncTeams } from '../modules/memberships/sync.ts'
import { removeRoleAssignment } from '../modules/roles/assignments.ts'
import { auditEscalation, requireMayActAs } from '../modules/roles/index.ts'
import { type User, UserEntity } from '../modules/users/index.ts'
import { afterCommit, joinTransaction, type ServiceContext, transactionOf } from '../service-context.ts'
import { lock } from './lock.ts'

export interface LinkedIdentity {
  readonly userId: string
  readonly identityProviderId: string
  /** What the provider never gives to another. */
  readonly subject: string
}

export class IdentityTaken extends Refusal {
  constructor() {
    super(
      'IDENTITY_TAKEN',
      'Another user is this subject at the identity provider: unlink it from them first',
    )
  }
}

refusalType(IdentityTaken, 'A subject of an identity provider is one user.')

/**
 * Makes a user who is there already the one who signs in as this subject. Nothing does so by itself, least of all an e-mail
 * address. Whoever has the subject acts as the user from then on: nobody links a user who may do more than they.
 *
 * @throws NotFound, IdentityTaken, RightsExceeded
 */
export function linkIdentity(context: ServiceContext, actor: Actor, input: LinkedIdentity): Promise<User> {
  requirePrivileged(actor)
  const { userId, identityProviderId: providerId } = input
  const subject = checkSubject(input.subject)
  const work = transactionOf(context, actor, async (em) => {
    const { user, provider } = await requireParties(em, input)
    await requireMayActAs(em, actor, userId, context.now())
    // Whoever signs in for the first time as this subject waits, or is waited for.
    await lock(em, `${providerId} ${subject}`)
    const present = await em.findOne(UserIdentityEntity, { providerId, subject })
    if (present && present.userId !== userId) throw new IdentityTaken()
    if (present) return user
    em.create(UserIdentityEntity, {
      ...{ id: newId('uid'), organizationId: actor.organizationId, userId, providerId, subject },
      ...{ roleAssignmentId: null, createdAt: new Date(context.now()), lastSignedInAt: null },
    })
    const change = await identityChange(em, provider, [userId])
    await recordChange(context, em, actor, describe('user.identity_linked', user, provider, subject), change)
    return user
  })
  return auditEscalation(context, actor, { kind: 'user', id: userId }, work)
}

/**
 * Whoever has the subject is this user no more: their sessions of that provider end, and what its claims gave goes. The next
 * time they sign in they are somebody new.
 *
 * @throws NotFound
 */
export async function unlinkIdentity(
  context: ServiceContext,
  actor: Actor,
  input: LinkedIdentity,
): Promise<User> {
  requirePrivileged(actor)
  const { userId, identityProviderId: providerId } = input
  const subject = checkSubject(input.subject)
  const user = await transactionOf(context, actor, async (em) => {
    await lock(em, `${providerId} ${subject}`)
    const { user, provider } = await requireParties(em, { userId, identityProviderId: providerId })
    const identity = await em.findOne(UserIdentityEntity, { userId, providerId, subject })
    if (!identity) throw new NotFound('identity of the user with this subject', subject)
    await asOneRevision(em, actor, async () => {
      await withdraw(joinTransaction(context, em), em, actor, identity)
      const change = await identityChange(em, provider, [userId])
      await recordChange(
        context,
        em,
        actor,
        describe('user.identity_unlinked', user, provider, subject),
        change,
      )
    })
    return user
  })
  await afterCommit(context, (committed) =>
    endSessionsOfSubject(committed, actor, { providerId, subject }, 'unlinked'),
  )
  return user
}

/** Teams do not say which provider gave them: the last identity takes them along. */
async function withdraw(
  context: ServiceContext,
  em: EntityManager,
  actor: Actor,
  identity: UserIdentity,
): Promise<void> {
  const { userId, roleAssignmentId } = identity
  if (roleAssignmentId !== null) await removeRoleAssignment(context, actor, roleAssignmentId)
  em.remove(identity)
  await em.flush()
  if ((await em.count(UserIdentityEntity, { userId })) > 0) return
  await syncTeams(context, em, actor, 'idp', new Map([[userId, []]]))
}

async function requireParties(em: EntityManager, input: Omit<LinkedIdentity, 'subject'>) {
  const user = await requireRow(em, UserEntity, 'user', input.userId)
  const what = 'identity provider'
  const provider = await requireRow(em, IdentityProviderEntity, what, input.identityProviderId)
  return { user, provider }
}

/** @throws Forbidden */
function requirePrivileged(actor: Actor): void {
  actor.require('identity_providers:update', organizationWide)
  actor.require('users:update', organizationWide)
}

const organizationWide = { workspaceId: null }

/** @throws BadUserInput */
const checkSubject = (subject: string) => checkText('subject', subject, { maximumLength: 255 })

function describe(type: string, { id, name }: User, provider: IdentityProvider, subject: string) {
  const details = { name, providerId: provider.id, provider: provider.name, subject, severity: 'high' }
  return { type, subject: { kind: 'user', id }, details }
}
