export { listCredentialIds, openProviderSecrets, providerSecretPlace } from './credentials.ts'
