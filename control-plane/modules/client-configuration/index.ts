export { outdateChanges } from './changes.ts'
export { createClientConfiguration } from './create.ts'
export { findWideningOfDocuments, guardsHeaderChanges } from './restoration.ts'
export { clientConfigurationSnapshot } from './snapshot.ts'
