import type { BuiltinHost, CompiledProvider } from 'gatehouse/plugin-sdk/builtin'
import { Pool } from 'undici'

const keepAliveMs = 30_000
const forgetAfterMs = 600_000

interface Entry {
  readonly pool: Pool
  lastUsedAt: number
}

/** Keep-alive connections to the providers: one pool for each origin and connect timeout. */
export class Pools {
  readonly #host: BuiltinHost
  readonly #entries = new Map<string, Entry>()

  constructor(host: BuiltinHost) {
    this.#host = host
  }

  get(provider: CompiledProvider): Pool {
    const name = `${provider.connectTimeoutMs} ${provider.origin}`
    const known = this.#entries.get(name)
    if (known) {
      known.lastUsedAt = this.#host.now()
      return known.pool
    }
    this.#forgetUnused()
    const pool = openPool(provider)
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
}

function openPool({ origin, connectTimeoutMs }: CompiledProvider): Pool {
  return new Pool(origin, {
    // A stream holds its connection to its end: what bounds their number is the count of concurrent calls.
    connections: null,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: 32_768,
  })
}
