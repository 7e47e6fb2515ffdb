export { type Organization, OrganizationEntity } from './entity.ts'
export { organizationSnapshot } from './snapshot.ts'
