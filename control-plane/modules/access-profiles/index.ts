export { updateFollowersOf } from './apply-profile.ts'
export { AccessProfileEntity } from './entity.ts'
export { issueFollower, renewFollower } from './followers.ts'
export { AccessProfileType } from './types.ts'
