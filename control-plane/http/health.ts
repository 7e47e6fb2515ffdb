import type { FastifyInstance } from 'fastify'
import { readinessOf } from '../../telemetry/degradations.ts'
import { memoryProblem } from '../../transport/store-memory.ts'
import type { HealthWatch } from '../health/health-watch.ts'

/**
 * `/healthz`: the process lives. `/readyz`: it can do its work, which needs the database, and what it does without;
 * without the store between the planes it goes on, and data planes get their configuration later.
 */
export function registerHealth(fastify: FastifyInstance, health: HealthWatch): void {
  fastify.get('/healthz', () => ({ status: 'ok' }))
  fastify.get('/readyz', async (_request, reply) => {
    const { facts, degradations } = await health.look()
    const { isReady, body } = readinessOf(degradations)
    const { kind, connected, memory } = health.transport
    return reply.code(isReady ? 200 : 503).send({
      ...body,
      database: facts.databaseAnswers ? 'ok' : 'does not answer',
      transport: {
        ...{ kind, connected },
        ...(memory && { memory: { ...memory, problem: memoryProblem(memory) ?? null } }),
      },
    })
  })
}
