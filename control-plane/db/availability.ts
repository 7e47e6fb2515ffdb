import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

/** Asked this often, so that an outage is known before a request has to find out. */
const beatMs = 1_000
const connectLimitMs = 2_000
/** Silence for so long is an outage: whoever asks now is refused at once instead of waiting with the others. */
const silenceLimitMs = 5_000
/** A connection that owes an answer for so long is given up for a new one. */
const unansweredLimitMs = 10_000

/** The database does not answer; what was asked for was not begun. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'

  constructor() {
    super('the database does not answer')
  }
}

/** SQLSTATE classes and codes of a server that is gone, going or full. */
const outageStates = /^(08...|57P0[123]|53300)$/
const outageErrnos = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'])
/** What `pg` says without a code. */
const outageMessages = /^(timeout exceeded when trying to connect|Connection terminated)|is not queryable$/

/** Whether an error says that the database is away, and nothing about what was asked of it. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof DatabaseUnavailable || outageMessages.test(error.message)) return true
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return outageStates.test(code) || outageErrnos.has(code) || isOutage(error.cause)
}

/**
 * Watches whether the database answers, on a connection of its own. Frozen, a database keeps its connections and says
 * nothing: without this each request would wait its whole time for it.
 */
export class DatabaseWatch {
  readonly #url: string
  readonly #ended = new AbortController()
  readonly #watching: Promise<void>
  #client: pg.Client | undefined
  #heardAt = performance.now()

  constructor(url: string) {
    this.#url = url
    this.#watching = this.#watch()
  }

  get answers(): boolean {
    return performance.now() - this.#heardAt < silenceLimitMs
  }

  /** Hands on what became of some work; a refusal of the database is an answer too. */
  async heed<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await work
      this.#heard()
      return result
    } catch (error) {
      if (!isOutage(error)) this.#heard()
      throw error
    }
  }

  #heard(): void {
    this.#heardAt = performance.now()
  }

  /** @throws DatabaseUnavailable */
  assertAnswers(): void {
    if (!this.answers) throw new DatabaseUnavailable()
  }

  async close(): Promise<void> {
    this.#ended.abort()
    this.#giveUp()
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ended
    while (!signal.aborted) {
      try {
        await this.#beat()
        this.#heard()
      } catch {
        // Whoever asks the database next tells why; here it only stays silent.
        this.#giveUp()
      }
      await delay(beatMs, undefined, { signal }).catch(() => undefined)
    }
    // One that was still being opened when the end came.
    this.#giveUp()
  }

  async #beat(): Promise<void> {
    const client = this.#client ?? (await this.#connect())
    const overdue = setTimeout(() => this.#giveUp(), unansweredLimitMs)
    try {
      await client.query('select 1')
    } finally {
      clearTimeout(overdue)
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: connectLimitMs,
      application_name: 'gatehouse-watch',
      keepAlive: true,
    })
    client.on('error', () => this.#giveUp())
    await client.connect()
    this.#client = client
    return client
  }

  /** Ends the connection, also in the middle of a query that is not answered. */
  #giveUp(): void {
    const client = this.#client
    this.#client = undefined
    client?.end().catch(() => undefined)
  }
}
