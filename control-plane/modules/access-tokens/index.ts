export { endTokensOfSessions } from './ends.ts'
export { holderChange, holdersChange, identityChange } from './holder.ts'
export { startAccessTokenKeys } from './loop.ts'
export { signOutDeleted, signOutEverybody, signOutUsers } from './not-before.ts'
