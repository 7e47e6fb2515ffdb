export { type Organization, OrganizationEntity } from './entity.ts'
export { OrganizationType } from './graphql.ts'
export { organizationSnapshot } from './snapshot.ts'
