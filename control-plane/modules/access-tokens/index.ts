export { endTokensOfSessions } from './ends.ts'
export { holderChange, holderRemovals, holdersChange, identityChange } from './holder.ts'
export { startAccessTokenKeys } from './loop.ts'
export { signOutEverybody, signOutUsers } from './not-before.ts'
