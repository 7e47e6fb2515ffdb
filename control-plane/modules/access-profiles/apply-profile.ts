import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import type { RecordedChange } from '../../publisher/revision.ts'
import type { Clock } from '../../service-context.ts'
import { assignProfileBudgets } from '../budgets/index.ts'
import { assignProfileLimits } from '../limits/index.ts'
import { assignProviderConfigs, lockKeys, recordKeys, type VirtualKey } from '../virtual-keys/index.ts'
import { type AccessProfile, AccessProfileEntity } from './entity.ts'
import { listProfileConfigs } from './provider-configs.ts'

/** A change of a profile is one transaction and one revision, whatever follows it. */
export const mostFollowers = 1_000

/**
 * Makes keys what their profile says: providers, budgets, limits and the rest. What stays keeps its id, so that
 * nothing that was spent is forgotten. The time at which a key expires is set when it begins to follow, not here.
 *
 * @param keys locked by the caller, or new.
 * @returns what data planes are to be told beside the keys.
 */
export async function applyProfile(
  em: EntityManager,
  profile: AccessProfile,
  keys: readonly VirtualKey[],
  now: Date,
): Promise<RecordedChange> {
  const { organizationId, allowAllProviders, contentLogging, deleteAfterExpiry } = profile
  for (const key of keys) {
    Object.assign(key, { allowAllProviders, contentLogging })
    // A key that was issued while the profile had no expiry never expires, and so is never deleted.
    key.deleteAfterExpiry = deleteAfterExpiry && key.expiresAt !== null
  }
  const configs = await listProfileConfigs(em, profile.id)
  const droppedPolicies = await assignProviderConfigs(em, organizationId, keys, configs)
  const owners = keys.map(({ id, workspaceId }) => ({ kind: 'virtual_key', id, workspaceId }) as const)
  const budgets = await assignProfileBudgets(em, organizationId, owners, profile.budgets, now)
  const limits = await assignProfileLimits(em, organizationId, owners, profile.requestLimits, now)
  return {
    upserts: [...budgets.upserts, ...limits.upserts],
    removals: [...droppedPolicies, ...budgets.removals, ...limits.removals],
  }
}

/** The keys that follow a profile, without revoked ones, which stay as they were. */
export function lockFollowers(em: EntityManager, accessProfileId: string): Promise<VirtualKey[]> {
  return lockKeys(em, { accessProfileId, status: { $ne: 'revoked' } }, mostFollowers)
}

/** Lets the locked followers of a profile know what it says now, with an audit event for each. */
export async function updateFollowers(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  profile: AccessProfile,
  followers: readonly VirtualKey[],
): Promise<void> {
  const change = await applyProfile(em, profile, followers, new Date(clock.now()))
  await recordKeys(clock, em, actor, followers, 'virtual_key.updated', change)
}

/** The same for profiles whose rows were changed behind the ORM's back; one that is gone has no followers. */
export async function updateFollowersOf(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  accessProfileIds: readonly string[],
): Promise<void> {
  for (const profile of await em.find(AccessProfileEntity, { id: { $in: [...accessProfileIds] } })) {
    await updateFollowers(clock, em, actor, profile, await lockFollowers(em, profile.id))
  }
}
