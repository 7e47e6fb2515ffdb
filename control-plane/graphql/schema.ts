import type { GraphQLSchema } from 'graphql'
import { builder } from './builder.ts'
import './scalars.ts'
import '../modules/api-tokens/graphql.ts'
import '../modules/audit/graphql.ts'
import '../modules/business-units/graphql.ts'
import '../modules/configuration/graphql.ts'
import '../modules/customers/graphql.ts'
import '../modules/data-planes/graphql.ts'
import '../modules/organizations/graphql.ts'
import '../modules/roles/graphql.ts'
import '../modules/teams/graphql.ts'
import '../modules/usage/graphql.ts'
import '../modules/users/graphql.ts'
import '../modules/virtual-keys/graphql.ts'
import '../modules/workspaces/graphql.ts'

/** The whole API. */
export const schema: GraphQLSchema = builder.toSchema()
