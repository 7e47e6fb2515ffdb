import type {
  ProviderConfig as ProviderConfigDocument,
  VirtualKey as VirtualKeyEntity,
} from '../../../contract/configuration/entities.ts'
import type { VirtualKey } from './entity.ts'
import type { ProviderConfig } from './provider-config-entity.ts'
import type { SecretDigests } from './secrets.ts'

export function virtualKeySnapshot(
  key: VirtualKey,
  configs: readonly ProviderConfig[],
  secretDigests: SecretDigests,
): VirtualKeyEntity {
  return {
    kind: 'virtual_key',
    id: key.id,
    workspaceId: key.workspaceId,
    name: key.name,
    secretDigests,
    status: key.status,
    ...(key.priority !== 'normal' && { priority: key.priority }),
    expiresAt: key.expiresAt?.getTime() ?? null,
    owner: ownerOf(key),
    providerConfigs: configs.map(configSnapshot),
    ...(key.allowAllProviders && { allowAllProviders: true }),
    ...(key.contentLogging !== 'inherit' && { contentLogging: key.contentLogging === 'on' }),
    ...(key.requireFreshSeconds !== null && { requireFreshSeconds: key.requireFreshSeconds }),
    ...(key.maxConcurrentCalls !== null && { maxConcurrentCalls: key.maxConcurrentCalls }),
  }
}

/** What is as it usually is goes unsaid: a configuration holds a hundred thousand of these. */
function configSnapshot(config: ProviderConfig): ProviderConfigDocument {
  const { id, providerId, weight, active, allowedModels, blockedModels, providerKeyIds } = config
  return {
    id,
    providerId,
    weight,
    allowedModels,
    ...(blockedModels.length > 0 && { blockedModels }),
    providerKeyIds,
    ...(!active && { active }),
  }
}

/** Whom the key's calls are charged to; the table holds exactly one of the three. */
export function ownerOf({ id, customerId, teamId, userId }: VirtualKey): VirtualKeyEntity['owner'] {
  if (customerId !== null) return { kind: 'customer', id: customerId }
  if (teamId !== null) return { kind: 'team', id: teamId }
  if (userId !== null) return { kind: 'user', id: userId }
  throw new Error(`virtual key ${id} has no owner`)
}
