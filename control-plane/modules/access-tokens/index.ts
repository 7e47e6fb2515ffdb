export { endTokensOfSessions } from './ends.ts'
export { holderChange, holderRemovals } from './holder.ts'
export { startAccessTokenKeys } from './loop.ts'
