import type { FastifyInstance, FastifyRequest } from 'fastify'
import { writeUsageCsv } from '../modules/usage/csv.ts'
import { readUsageQuery } from '../modules/usage/csv-query.ts'
import { summarizeUsage } from '../modules/usage/summary.ts'
import type { ServiceContext } from '../service-context.ts'
import { answerInJson } from './answer-in-json.ts'
import { createErrorMask } from './mask-error.ts'
import { admitPrincipal } from './principal.ts'
import { TooManyRequests } from './refusals.ts'
import type { RequestLimiters } from './request-limiter.ts'
import { senderAddress } from './sender-address.ts'

export interface UsageCsvOptions {
  /** Those of GraphQL: whoever asks has one allowance. */
  readonly limiters: RequestLimiters
  readonly operationTimeoutSeconds: number
}

/** Serves `GET /usage.csv`: what `usageSummary` answers, to whom it would. */
export function registerUsageCsv(
  fastify: FastifyInstance,
  services: ServiceContext,
  { limiters: { ofAddress, ofPrincipal }, operationTimeoutSeconds }: UsageCsvOptions,
): void {
  const mask = createErrorMask(services.log, operationTimeoutSeconds)

  const answer = async ({ ip, headers, url }: FastifyRequest): Promise<string> => {
    const fromAddress = await ofAddress.admit(senderAddress(ip))
    if (!fromAddress.admitted) throw new TooManyRequests('address', ofAddress.requestsPerMinute, fromAddress)
    const actor = await admitPrincipal(services, ofPrincipal, {
      address: ip,
      header: (name) => headers[name]?.toString() ?? null,
    })
    actor.require('usage:view')
    const query = readUsageQuery(new URL(url, 'http://localhost').searchParams)
    return writeUsageCsv(query, await summarizeUsage(services, actor, query))
  }
  fastify.get('/usage.csv', async (request, reply) => {
    try {
      const csv = await answer(request)
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', 'attachment; filename="usage.csv"')
        .header('cache-control', 'no-store')
        .send(csv)
    } catch (error) {
      return answerInJson(reply, mask(error))
    }
  })
}
