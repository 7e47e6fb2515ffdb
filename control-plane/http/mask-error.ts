import { GraphQLError } from 'graphql'
import type { Logger } from 'pino'
import { newId } from '../db/id.ts'

/**
 * What a caller may read of an error: those that were made for callers, whole; of any other only an id, under
 * which the log has the rest.
 */
export function createErrorMask(log: Logger): (error: unknown) => Error {
  return (error) => {
    if (isGraphQLError(error) && isMadeForCallers(error)) return withCode(error)
    const id = newId('err')
    log.error({ err: causeOf(error), errorId: id }, 'an operation failed')
    return new GraphQLError(`Unexpected error. Whoever runs Gatehouse finds it in the log as ${id}`, {
      path: isGraphQLError(error) ? (error.path ?? null) : null,
      nodes: isGraphQLError(error) ? (error.nodes ?? null) : null,
      extensions: { code: 'INTERNAL_SERVER_ERROR', id },
    })
  }
}

function isMadeForCallers({ originalError }: GraphQLError): boolean {
  return originalError === undefined || isGraphQLError(originalError)
}

/** graphql-js gives none to arguments and variables that do not fit the schema. */
function withCode(error: GraphQLError): GraphQLError {
  if (error.extensions.code !== undefined) return error
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { ...error.extensions, code: 'BAD_USER_INPUT' },
  })
}

function causeOf(error: unknown): unknown {
  return isGraphQLError(error) ? (error.originalError ?? error) : error
}

/** By name, as graphql-js asks it: a process may hold its CommonJS and its ECMAScript form at once. */
function isGraphQLError(error: unknown): error is GraphQLError {
  return error instanceof Error && error.name === 'GraphQLError'
}
