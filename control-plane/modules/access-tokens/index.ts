export { endTokensOfSessions } from './ends.ts'
export { holderChange, holderRemovals, holdersChange, identityChange } from './holder.ts'
export { startAccessTokenKeys } from './loop.ts'
export { everybodySignedOut, userSignedOut } from './not-before.ts'
