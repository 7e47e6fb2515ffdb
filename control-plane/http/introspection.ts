import { GraphQLError, NoSchemaIntrospectionCustomRule } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** Keeps the schema to itself: no introspection, and no suggestion that would spell it out name by name. */
export function hideSchema(): Plugin {
  return {
    onValidate({ addValidationRule }) {
      addValidationRule(NoSchemaIntrospectionCustomRule)
      return ({ result, setResult }) => {
        const errors: readonly Error[] = result
        setResult(errors.map(withoutSuggestion))
      }
    },
  }
}

function withoutSuggestion(error: Error): Error {
  const message = error.message.replace(/ Did you mean .*$/s, '')
  if (message === error.message || !(error instanceof GraphQLError)) return error
  const { nodes = null, extensions } = error
  return new GraphQLError(message, { nodes, extensions })
}
