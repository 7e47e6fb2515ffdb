export { listCredentialIds, openProviderSecrets, providerSecretPlace } from './credentials.ts'
export { type Provider, ProviderEntity } from './entity.ts'
export { type ProviderKey, ProviderKeyEntity } from './provider-key-entity.ts'
export { ProviderType } from './types.ts'
