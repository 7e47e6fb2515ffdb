import { type BuiltinHost, type CompiledProvider, isPrivateHost } from 'gatehouse/plugin-sdk/builtin'
import { Pool } from './http1/pool.ts'

const forgetAfterMs = 600_000

interface Entry {
  readonly pool: Pool
  lastUsedAt: number
}

/** Keep-alive connections to the providers: one pool for each provider and way to connect to it. */
export class Pools {
  readonly #host: BuiltinHost
  readonly #maxConcurrentCalls: number
  readonly #entries = new Map<string, Entry>()

  constructor(host: BuiltinHost, maxConcurrentCalls: number) {
    this.#host = host
    this.#maxConcurrentCalls = maxConcurrentCalls
  }

  get(provider: CompiledProvider): Pool {
    const { connectTimeoutMs, allowPrivateNetwork, origin } = provider
    const name = `${connectTimeoutMs} ${allowPrivateNetwork} ${origin} ${provider.name}`
    const known = this.#entries.get(name)
    if (known) {
      known.lastUsedAt = this.#host.now()
      return known.pool
    }
    this.#forgetUnused()
    const pool = this.#openPool(provider)
    this.#entries.set(name, { pool, lastUsedAt: this.#host.now() })
    return pool
  }

  /** Resolves when the calls under way are over. */
  async close(): Promise<void> {
    const pools = [...this.#entries.values()]
    this.#entries.clear()
    await Promise.all(pools.map(({ pool }) => pool.close()))
  }

  /** An origin that left the configuration is asked no more; its pool closes once its last call is over. */
  #forgetUnused(): void {
    const now = this.#host.now()
    for (const [name, { pool, lastUsedAt }] of this.#entries) {
      if (now - lastUsedAt < forgetAfterMs) continue
      this.#entries.delete(name)
      pool.close().catch((error: unknown) => {
        this.#host.log.warn({ err: error }, 'closing an unused provider pool failed')
      })
    }
  }

  #openPool({ origin, connectTimeoutMs, allowPrivateNetwork }: CompiledProvider): Pool {
    // Each call has a connection of its own, and the one of a call that just ended may still be closing.
    const maxConnections = 2 * this.#maxConcurrentCalls
    const refuses = allowPrivateNetwork ? undefined : isPrivateHost
    return new Pool({ origin, connectTimeoutMs, maxConnections, refuses })
  }
}
