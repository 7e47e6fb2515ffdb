export { type BusinessUnit, BusinessUnitEntity } from './entity.ts'
export { BusinessUnitType } from './graphql.ts'
