export { callbackUrl, loginUrl, signInPath } from './addresses.ts'
export { type Attempt, attemptLimitSeconds, beginAttempt, takeAttempt } from './attempts.ts'
export {
  type ConfiguredDirectory,
  type IdentityProvider,
  IdentityProviderEntity,
  type UserIdentity,
  UserIdentityEntity,
} from './entity.ts'
export { useLogoutToken } from './logout-tokens.ts'
export { RelyingParties } from './relying-parties.ts'
export { directorySettingsOf, settingsOf } from './secret.ts'
export { IdentityProviderType } from './types.ts'
