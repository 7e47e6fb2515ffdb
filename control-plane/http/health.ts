import type { FastifyInstance } from 'fastify'
import { memoryProblem, type StoreMemory } from '../../transport/store-memory.ts'
import type { Database } from '../db/database.ts'

export interface HealthDependencies {
  readonly database: Database
  /** The store between the planes. */
  readonly transport: {
    readonly kind: string
    readonly connected: boolean
    readonly memory?: StoreMemory | undefined
  }
}

const readinessLimitMs = 2_000

/**
 * `/healthz`: the process lives. `/readyz`: it can do its work, which needs the database; without the store
 * between the planes it goes on, and data planes get their configuration later.
 */
export function registerHealth(fastify: FastifyInstance, { database, transport }: HealthDependencies): void {
  fastify.get('/healthz', () => ({ status: 'ok' }))
  fastify.get('/readyz', async (request, reply) => {
    const answers = await answersInTime(database.ping()).catch((error: unknown) => {
      request.log.warn({ err: error }, 'the database does not answer')
      return false
    })
    return reply.code(answers ? 200 : 503).send({
      status: answers ? 'ready' : 'not ready',
      database: answers ? 'ok' : 'does not answer',
      transport: { kind: transport.kind, connected: transport.connected, ...memoryOf(transport) },
    })
  })
}

function memoryOf({ memory }: HealthDependencies['transport']) {
  return memory && { memory: { ...memory, problem: memoryProblem(memory) ?? null } }
}

function answersInTime(answer: Promise<void>): Promise<boolean> {
  const limit = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => limit.resolve(false), readinessLimitMs)
  return Promise.race([answer.then(() => true), limit.promise]).finally(() => clearTimeout(timer))
}
