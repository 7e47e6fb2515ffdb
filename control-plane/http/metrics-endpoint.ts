import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { createGuard, isLoopback } from '../../telemetry/metrics-guard.ts'

export interface MetricsAccess {
  /** Where the API listens. */
  readonly host: string
  /** A request that came through one of them says little about who sent it. */
  readonly trustedProxies: readonly string[]
  /** Asked for as `Authorization: Bearer`. */
  readonly statusToken?: string | undefined
}

/**
 * Serves `/metrics` for Prometheus: to whoever has the status token, and without one on loopback alone. An API that
 * the world reaches, by itself or through a proxy, shows no metrics without a token.
 */
export function registerMetrics(fastify: FastifyInstance, registry: Registry, access: MetricsAccess): void {
  const { host, trustedProxies, statusToken: token } = access
  if (token === undefined && (!isLoopback(host) || trustedProxies.length > 0)) return
  const guard = createGuard({ token })
  fastify.get('/metrics', async (request, reply) => {
    const verdict = guard(request)
    if (verdict === 'pass') return reply.type(registry.contentType).send(await registry.metrics())
    if (verdict === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
    return reply.code(verdict === 'unauthenticated' ? 401 : 421).send({ error: explanations[verdict] })
  })
}

const explanations = {
  unauthenticated: 'Send GATEHOUSE_STATUS_TOKEN as a bearer token',
  foreign_host: 'Ask by a loopback name, such as 127.0.0.1, or set GATEHOUSE_STATUS_TOKEN',
}
