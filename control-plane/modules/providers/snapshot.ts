import type {
  Provider as ProviderDocument,
  ProviderKey as ProviderKeyDocument,
} from '../../../contract/configuration/entities.ts'
import type { Provider } from './entity.ts'
import type { ProviderKey } from './provider-key-entity.ts'

export function providerSnapshot(provider: Provider): ProviderDocument {
  const { id, name, baseUrl, allowPrivateNetwork, active, connectTimeoutMs, idleTimeoutMs } = provider
  const { whenCallerLeaves } = provider
  return {
    ...{ kind: 'provider', id, name, baseUrl, allowPrivateNetwork, active, connectTimeoutMs, idleTimeoutMs },
    ...(whenCallerLeaves !== 'drain_capped' && { whenCallerLeaves, advisory: ['whenCallerLeaves'] as const }),
  }
}

/** The secret itself is not part of the configuration; it travels sealed under its credential id. */
export function providerKeySnapshot(key: ProviderKey): ProviderKeyDocument {
  const { id, providerId, name, weight, active, credentialId, maxConcurrentCalls } = key
  return {
    ...{ kind: 'provider_key', id, providerId, name, weight, active, credentialId },
    ...(maxConcurrentCalls !== null && { maxConcurrentCalls }),
  }
}
