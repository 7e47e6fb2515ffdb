import type { FastifyReply } from 'fastify'
import { GraphQLError } from 'graphql'

const statuses: Readonly<Record<string, number>> = { BAD_USER_INPUT: 400, FORBIDDEN: 403 }

/** What GraphQL would answer among its errors, from a route that answers something else. */
export function answerInJson(reply: FastifyReply, error: Error): FastifyReply {
  const extensions = error instanceof GraphQLError ? error.extensions : {}
  const code = String(extensions.code ?? 'INTERNAL_SERVER_ERROR')
  const { status = statuses[code] ?? 500, headers = {} } = (extensions.http ?? {}) as {
    status?: number
    headers?: Record<string, string>
  }
  const parameter =
    typeof extensions.field === 'string' ? extensions.field.replace(/^filter\./, '') : undefined
  const body = { error: { type: code.toLowerCase(), message: error.message, parameter } }
  return reply.code(status).headers(headers).send(body)
}
