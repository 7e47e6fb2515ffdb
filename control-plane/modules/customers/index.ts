export { type Customer, CustomerEntity } from './entity.ts'
export { CustomerType } from './graphql.ts'
