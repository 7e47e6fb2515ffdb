import type { FastifyError, FastifyInstance } from 'fastify'
import { TransportUnavailable } from '../../transport/transport.ts'
import { isOutage } from '../db/availability.ts'
import { newId } from '../db/id.ts'

const retryAfterSeconds = 5

/**
 * What the plain HTTP routes answer when something fails: what Fastify has against a request, as it says it; that the
 * database, or the store of sessions, is away; and of anything else only an id, under which the log has the rest. GraphQL has a mask of its own.
 */
export function maskUnexpectedErrors(fastify: FastifyInstance): void {
  fastify.setErrorHandler((error: FastifyError, request, reply) => {
    const { statusCode = 500 } = error
    if (statusCode < 500) {
      return reply.code(statusCode).send({ error: { type: 'invalid_request_error', message: error.message } })
    }
    const isStoreAway = error instanceof TransportUnavailable
    if (isStoreAway || isOutage(error)) {
      const message = `The ${isStoreAway ? 'store of sessions' : 'database'} does not answer: try again in a few seconds`
      return reply
        .code(503)
        .header('retry-after', retryAfterSeconds)
        .send({ error: { type: 'service_unavailable', message } })
    }
    const id = newId('err')
    request.log.error({ err: error, errorId: id }, 'a request failed')
    const message = `Unexpected error. Whoever runs Gatehouse finds it in the log as ${id}`
    return reply.code(500).send({ error: { type: 'internal_error', message } })
  })
}
