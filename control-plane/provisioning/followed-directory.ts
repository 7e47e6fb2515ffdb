import { recordChange } from '../change.ts'
import { newId } from '../db/id.ts'
import { recordAudit } from '../modules/audit/index.ts'
import { type UserIdentity, UserIdentityEntity } from '../modules/identity-providers/index.ts'
import { syncTeams } from '../modules/memberships/sync.ts'
import { lockUser, userSnapshot } from '../modules/users/index.ts'
import { makeClaimedUser } from './claimed-user.ts'
import type { DirectoryDifference } from './directory-differences.ts'
import { lock } from './lock.ts'
import { endRole, mappedRole, tellsRole } from './mapped-role.ts'
import { keepTeams } from './mapped-teams.ts'
import { keepAccess, type Provisioning, withdrawAccess } from './provision-user.ts'

/** What was done about one person. */
export interface Followed {
  readonly outcome: 'created' | 'updated' | 'decommissioned' | 'skipped'
  /** Whose sessions are over, and why. */
  readonly ended?: { readonly userId: string; readonly reason: SessionReason }
}

type SessionReason = 'directory_gone' | 'directory_inactive' | 'user_not_authorized'

/**
 * Makes so what a directory says of one person, by the code that signing in uses. What has changed since it was read is
 * left as it is now.
 *
 * @throws SignInRefused `email_taken`; Refusal, GraphQLError for what rules ask for and cannot be given
 */
export async function followDirectory(
  provisioning: Provisioning,
  difference: DirectoryDifference,
): Promise<Followed> {
  const { em, provider } = provisioning
  const { subject } = difference
  await lock(em, `${provider.id} ${subject}`)
  const identity = await em.findOne(UserIdentityEntity, { providerId: provider.id, subject })
  if (difference.kind === 'import')
    return identity ? { outcome: 'skipped' } : importPerson(provisioning, subject)
  if (!identity) return { outcome: 'skipped' }
  if (difference.kind === 'decommission') return decommission(provisioning, identity, difference.reason)
  return follow(provisioning, identity)
}

/** Takes away everything that the provider gave, and switches the user off: data planes refuse all of their keys. [X0-08] */
async function decommission(
  provisioning: Provisioning,
  identity: UserIdentity,
  reason: 'directory_gone' | 'directory_inactive',
): Promise<Followed> {
  const { context, em, actor } = provisioning
  const { userId } = identity
  await syncTeams(context, em, actor, { userId, source: 'idp', teamIds: [] })
  await endRole(provisioning, identity)
  Object.assign(identity, { roleAssignmentId: null, decommissionedAt: new Date(context.now()) })
  await setActive(provisioning, userId, false, { type: 'user.decommissioned', reason })
  return { outcome: 'decommissioned', ended: { userId, reason } }
}

async function follow(provisioning: Provisioning, identity: UserIdentity): Promise<Followed> {
  const { em, provider, claims } = provisioning
  const { userId } = identity
  const roleId = tellsRole(provider, claims) ? await mappedRole(provisioning) : undefined
  if (roleId === null) {
    await withdrawAccess(provisioning, identity)
    return { outcome: 'updated', ended: { userId, reason: 'user_not_authorized' } }
  }
  if (identity.decommissionedAt) {
    identity.decommissionedAt = null
    await setActive(provisioning, userId, true, { type: 'user.recommissioned', reason: 'directory_active' })
  }
  if (roleId === undefined) await keepTeams(provisioning, userId)
  else await keepAccess(provisioning, identity, roleId)
  await em.flush()
  return { outcome: 'updated' }
}

async function importPerson(provisioning: Provisioning, subject: string): Promise<Followed> {
  const { em, context, provider, actor } = provisioning
  const roleId = await mappedRole(provisioning)
  if (roleId === null) return { outcome: 'skipped' }
  const at = new Date(context.now())
  const userId = await makeClaimedUser(provisioning, subject)
  const identity = em.create(UserIdentityEntity, {
    ...{
      id: newId('uid'),
      organizationId: provider.organizationId,
      userId,
      providerId: provider.id,
      subject,
    },
    ...{ roleAssignmentId: null, createdAt: at, lastSignedInAt: null, decommissionedAt: null },
  })
  await em.flush()
  await keepAccess(provisioning, identity, roleId)
  const entry = { type: 'user.imported', subject: { kind: 'user', id: userId }, details: { subject } }
  await recordAudit(em, actor, entry, at)
  return { outcome: 'created' }
}

/** Somebody who is known by another identity too stays what they are by that one. */
async function setActive(
  { context, em, actor, provider }: Provisioning,
  userId: string,
  active: boolean,
  { type, reason }: { readonly type: string; readonly reason: string },
): Promise<void> {
  await em.flush()
  const others = { userId, decommissionedAt: null, providerId: { $ne: provider.id } }
  if (!active && (await em.count(UserIdentityEntity, others)) > 0) return
  const user = await lockUser(em, userId)
  user.active = active
  const entry = { type, subject: { kind: 'user', id: userId }, details: { name: user.name, reason } }
  await recordChange(context, em, actor, entry, { upserts: [userSnapshot(user)] })
}
