import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { writeBundle } from '../../contract/configuration/bundle.ts'
import { configurationPollRoute } from '../../contract/configuration-poll.ts'
import { TooManyPolls } from './held-polls.ts'
import { type ConfigurationPolls, PollRefused, RevokedDataPlaneAsked } from './polls.ts'

const bodyLimitBytes = 16 * 1024
const retryAfterSeconds = 5

/** Serves the polls of data planes; the signature in the body is their only credential. */
export function registerConfigurationPolls(fastify: FastifyInstance, polls: ConfigurationPolls): void {
  // What is held would hold up the close.
  fastify.addHook('preClose', (done) => {
    polls.close()
    done()
  })
  fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // As it was signed, whatever it is called.
    scope.addContentTypeParser<string>(
      '*',
      { parseAs: 'string', bodyLimit: bodyLimitBytes },
      (_, body, done) => done(null, body),
    )
    scope.post<{ Params: { organizationId: string; dataPlaneId: string }; Body: string }>(
      configurationPollRoute,
      async (request, reply) => {
        const { organizationId, dataPlaneId } = request.params
        try {
          const answer = await polls.answer(
            { organizationId, dataPlaneId, envelope: request.body ?? '' },
            (held) => reply.raw.once('close', () => held.end()),
          )
          return reply.type('application/octet-stream').send(Readable.from(writeBundle(answer)))
        } catch (error) {
          if (error instanceof PollRefused) {
            request.log.warn({ organizationId, dataPlaneId, reason: error.message }, 'a poll was refused')
            return reply.code(401).send({ error: { type: 'poll_refused', message: error.message } })
          }
          if (error instanceof RevokedDataPlaneAsked) {
            const { message, notice } = error
            return reply.code(403).send({ error: { type: 'data_plane_revoked', message }, notice })
          }
          if (error instanceof TooManyPolls) {
            return reply
              .code(503)
              .header('retry-after', retryAfterSeconds)
              .send({ error: { type: 'overloaded', message: error.message } })
          }
          throw error
        }
      },
    )
  })
}
