import { type ASTVisitor, GraphQLError, Kind, type ValidationContext } from 'graphql'

/** The schema is two levels deep; a fragment within a fragment needs no more. */
export const mostDepth = 6
export const mostTokens = 500
const mostAliases = 15
const mostFields = 100
const mostRootFields = 10
const mostDirectives = 5

/**
 * Refuses the list of all types, and queries that ask for far more than the schema has to give. Counts what stands
 * in the text.
 */
export function limitQuery(context: ValidationContext): ASTVisitor {
  const used = { aliases: 0, fields: 0, directives: 0, rootFields: 0 }
  const count = (what: keyof typeof used, most: number) => {
    used[what] += 1
    if (used[what] === most + 1)
      context.reportError(new GraphQLError(`The query has more than ${most} ${what}.`))
  }
  return {
    Field(node, _key, _parent, _path, ancestors) {
      count('fields', mostFields)
      const name = node.name.value
      if (name === '__schema') {
        context.reportError(new GraphQLError('The schema is not told here: see the documentation.'))
      }
      if (node.alias) count('aliases', mostAliases)
      const operation = ancestors.find(
        (ancestor) => 'kind' in ancestor && ancestor.kind === Kind.OPERATION_DEFINITION,
      )
      if (operation && context.getParentType()?.name === 'Query') count('rootFields', mostRootFields)
    },
    Directive: () => count('directives', mostDirectives),
  }
}
