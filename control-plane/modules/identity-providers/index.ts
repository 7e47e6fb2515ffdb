export { callbackUrl, loginUrl, signInPath, stepUpUrl } from './addresses.ts'
export { type Attempt, attemptLimitSeconds, beginAttempt, type StepUp, takeAttempt } from './attempts.ts'
export { checkNetworks } from './checked-settings.ts'
export {
  type ConfiguredDirectory,
  type IdentityProvider,
  IdentityProviderEntity,
  type UserIdentity,
  UserIdentityEntity,
} from './entity.ts'
export { useLogoutToken } from './logout-tokens.ts'
export { RelyingParties } from './relying-parties.ts'
export { directorySettingsOf, mfaEvidenceOf, settingsOf } from './secret.ts'
export { requireMaySpeakFor } from './spoken-for.ts'
export type { TestSignInResult, TriedPerson, TriedRule } from './test-result.ts'
export { openTestSignIn, startTestSignInPruning, storeTestResult } from './test-sign-ins.ts'
export { IdentityProviderType } from './types.ts'
