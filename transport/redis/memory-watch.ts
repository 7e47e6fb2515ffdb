import { memoryProblem, type StoreMemory } from '../store-memory.ts'
import type { RedisConnection, TransportLog } from './connection.ts'

const readEveryMs = 15_000

/**
 * Knows how much memory Redis has left, and whether it would throw away what it was given: that loses nothing which a
 * journal still has, but limits count anew and configurations are sent again and again.
 */
export class MemoryWatch {
  readonly #connection: RedisConnection
  readonly #log: TransportLog
  readonly #timer: NodeJS.Timeout
  #memory: StoreMemory | undefined
  #problem: string | undefined

  constructor(connection: RedisConnection, log: TransportLog) {
    this.#connection = connection
    this.#log = log
    const read = () => void this.#read()
    connection.onReady(read)
    this.#timer = setInterval(read, readEveryMs).unref()
  }

  /** As it was told last; undefined before, and where Redis does not tell. */
  get memory(): StoreMemory | undefined {
    return this.#memory
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #read(): Promise<void> {
    try {
      const info = await this.#connection.run((client) => client.info('memory'))
      this.#memory = parse(info)
    } catch {
      // That Redis is away is told elsewhere; a user without INFO is told nothing.
      return
    }
    const problem = this.#memory && memoryProblem(this.#memory)
    if (problem === this.#problem) return
    this.#problem = problem
    const { usedBytes, maxBytes, policy } = this.#memory ?? {}
    if (problem) this.#log.warn({ usedBytes, maxBytes, policy }, problem)
    else this.#log.info({ usedBytes, maxBytes, policy }, 'Redis has enough memory')
  }
}

function parse(info: string): StoreMemory | undefined {
  const number = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN)
  const usedBytes = number('used_memory')
  const limit = number('maxmemory')
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (Number.isNaN(usedBytes) || Number.isNaN(limit) || policy === undefined) return undefined
  const maxBytes = limit === 0 ? null : limit
  return { usedBytes, maxBytes, policy, evicts: maxBytes !== null && policy !== 'noeviction' }
}
