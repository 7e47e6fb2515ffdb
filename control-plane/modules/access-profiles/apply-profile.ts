import type { EntityManager } from '@mikro-orm/postgresql'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import { assignProfileBudgets } from '../budgets/index.ts'
import { assignProfileLimits } from '../limits/index.ts'
import { assignProviderConfigs, type VirtualKey } from '../virtual-keys/index.ts'
import type { AccessProfile } from './entity.ts'
import { listProfileConfigs } from './provider-configs.ts'

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
): Promise<Required<ConfigurationChange>> {
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
