import type { FastifyInstance } from 'fastify'
import { enrolmentPath } from '../../../contract/enrolment.ts'
import { type EnrolmentDependencies, enrolDataPlane } from './enrolment.ts'
import { EnrolmentInvalid, EnrolmentRefused } from './errors.ts'

const bodyLimitBytes = 16 * 1024

/** Serves `POST /data-planes/enrol`; the token in the body is its only credential. */
export function registerEnrolment(fastify: FastifyInstance, deps: EnrolmentDependencies): void {
  fastify.post(enrolmentPath, { bodyLimit: bodyLimitBytes }, async (request, reply) => {
    try {
      return await enrolDataPlane(deps, request.body)
    } catch (error) {
      if (error instanceof EnrolmentInvalid) {
        return reply.code(400).send({ error: { type: 'invalid_request_error', message: error.message } })
      }
      if (error instanceof EnrolmentRefused) {
        request.log.warn('an enrolment was refused')
        return reply.code(401).send({ error: { type: 'enrolment_refused', message: error.message } })
      }
      throw error
    }
  })
}
