import { createMemoryTransport } from '../../transport/memory/create.ts'
import { connectRedis } from '../../transport/redis/connect.ts'
import type { Transport } from '../../transport/transport.ts'
import { redisUrl } from '../environment/index.ts'

export const silentLog = { info() {}, warn() {} }

/** Short, so that a test sees an abandoned entry come back. */
export const reclaimAfterMs = 150

/** Every way to connect the planes. Each open() is one process' view of the same store. */
export const implementations: readonly {
  readonly name: string
  /** Two views of one new, empty store. */
  open(): Promise<{ readonly first: Transport; readonly second: Transport }>
}[] = [
  {
    name: 'in-process',
    async open() {
      const transport = createMemoryTransport({ reclaimAfterMs })
      return { first: transport, second: transport }
    },
  },
  {
    name: 'redis',
    async open() {
      const url = await redisUrl()
      const connect = () => connectRedis(url, { log: silentLog, reclaimAfterMs, operationTimeoutMs: 10_000 })
      return { first: await connect(), second: await connect() }
    },
  },
]

let sequence = 0

/** A name that no other test uses, for Redis' channels are shared by all its databases. */
export function uniqueOrganization(): string {
  return `org_${process.pid}_${Date.now()}_${++sequence}`
}
