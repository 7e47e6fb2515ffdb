export { type VirtualKey, VirtualKeyEntity } from './entity.ts'
export { ProviderConfigType, VirtualKeyType } from './graphql.ts'
export { type ProviderConfig, ProviderConfigEntity } from './provider-config-entity.ts'
