export { createClientConfiguration } from './create.ts'
export { clientConfigurationSnapshot } from './snapshot.ts'
