import { GraphQLError } from 'graphql'
import type { Logger } from 'pino'
import { TransportUnavailable } from '../../transport/transport.ts'
import { isOutage } from '../db/availability.ts'
import { newId } from '../db/id.ts'
import { OperationTimedOut, ServiceUnavailable } from './refusals.ts'

/**
 * What a caller may read of an error: those that were made for callers, whole; of any other only an id, under
 * which the log has the rest.
 */
export function createErrorMask(log: Logger, limitSeconds: number): (error: unknown) => Error {
  return (error) => {
    if (isGraphQLError(error) && isMadeForCallers(error)) return withCode(error)
    const place = isGraphQLError(error) ? { path: error.path ?? null, nodes: error.nodes ?? null } : {}
    if (isStatementTimeout(causeOf(error))) return new OperationTimedOut(limitSeconds, place)
    const cause = causeOf(error)
    if (isOutage(cause)) return new ServiceUnavailable('database', place)
    if (cause instanceof TransportUnavailable) return new ServiceUnavailable('store of sessions', place)
    const id = newId('err')
    log.error({ err: causeOf(error), errorId: id }, 'an operation failed')
    return new GraphQLError(`Unexpected error. Whoever runs Gatehouse finds it in the log as ${id}`, {
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR', id },
    })
  }
}

function isMadeForCallers({ originalError }: GraphQLError): boolean {
  return originalError === undefined || isGraphQLError(originalError)
}

/** graphql-js gives no code to arguments and variables that do not fit the schema. */
function withCode(error: GraphQLError): GraphQLError {
  const message = withoutValue(error.message)
  if (error.extensions.code !== undefined && message === error.message) return error
  return new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { code: 'BAD_USER_INPUT', ...error.extensions },
  })
}

/** graphql-js repeats a variable that does not fit the schema, whole: it may hold a secret. */
function withoutValue(message: string): string {
  const [, variable] = /^Variable "(\$\w+)" got invalid value /.exec(message) ?? []
  if (variable === undefined) return message
  const end = message.lastIndexOf('; ')
  const place = / at "([\w.[\]]+)"$/.exec(message.slice(0, end))?.[1]
  const reason = message.slice(end + 2).replace(/( cannot represent [^:]*):.*$/s, '$1')
  return `Variable "${variable}" got an invalid value${place === undefined ? '' : ` at "${place}"`}; ${reason}`
}

/** PostgreSQL's `query_canceled`. */
function isStatementTimeout(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === '57014'
}

function causeOf(error: unknown): unknown {
  return isGraphQLError(error) ? (error.originalError ?? error) : error
}

/** By name, as graphql-js asks it: a process may hold its CommonJS and its ECMAScript form at once. */
function isGraphQLError(error: unknown): error is GraphQLError {
  return error instanceof Error && error.name === 'GraphQLError'
}
