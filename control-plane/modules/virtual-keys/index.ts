export { startKeySweep } from './deletion.ts'
export { type ContentLogging, type VirtualKey, VirtualKeyEntity } from './entity.ts'
export { KeyRevoked, ProfileManaged } from './errors.ts'
export { type ExpiryPreset, expiryAfter } from './expiry.ts'
export { checkDescription, checkTags, plainFields, readKeyFields } from './fields.ts'
export { lockKeys } from './filter.ts'
export { ProviderConfigType, VirtualKeyType } from './graphql.ts'
export {
  ContentLoggingType,
  ExpiryPresetType,
  labelFields,
  ProviderConfigInput as ProviderConfigInputType,
  placeFields,
  scopeFields,
} from './inputs.ts'
export { IssuedVirtualKeyType } from './issued-key.ts'
export { requireOwner } from './owner.ts'
export { type ProviderConfig, ProviderConfigEntity } from './provider-config-entity.ts'
export {
  assignProviderConfigs,
  checkProviderConfigs,
  columnsOf,
  type ProviderConfigInput,
} from './provider-configs.ts'
export { lockLiveKey, recordKeys } from './record.ts'
export { makeSecret } from './secrets.ts'
export { endKey, type IssuedKey, insertKey, type KeyPlace } from './service.ts'
