import { TransportUnavailable } from '../transport.ts'
import { newClient, type RedisClient } from './client.ts'
import { locatedAt, type Route, type ServerAddress } from './route.ts'

/** The part of a pino logger that the transport uses. */
export interface TransportLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface ConnectionOptions {
  readonly route: Route
  /** Tells the connections of one transport apart in logs and in `CLIENT LIST`. */
  readonly role: string
  readonly log: TransportLog
  readonly operationTimeoutMs: number
}

export interface RunLimits {
  readonly timeoutMs?: number
  /** For a command that blocks: whatever else is sent would wait behind it. */
  readonly restartOnTimeout?: boolean
}

/** The connection to whoever holds the keys of an organization. */
export type ConnectionOf = (organizationId: string) => RedisConnection

const watchIntervalMs = 1_000
/** A connection that owes an answer for so long is given up and opened anew. */
const unansweredLimitMs = 2_000
/** Ends a handshake that is never answered; an open connection is pinged far more often. */
const silenceLimitMs = 10_000
const retryLimitMs = 1_000
/** Before the servers are asked anew who is the right one. */
const locateAgainMs = 200
const queueLimit = 10_000

/**
 * One connection that never keeps a caller waiting: a command fails at once while there is no connection, and
 * within its time limit when the answer does not come. A command that failed so may still be applied later, so
 * every write must be one that can safely happen twice. Reconnects for as long as it is open.
 */
export class RedisConnection {
  readonly #options: ConnectionOptions
  readonly #watch: NodeJS.Timeout
  readonly #readyListeners: (() => void)[] = []
  /** Settled once connected, or soon after the start: the first callers wait for the connection to open. */
  readonly #firstConnection: Promise<void>
  #settleFirst: () => void = () => undefined
  /** None while it is not known where to connect. */
  #client: RedisClient | undefined
  /** Of several attempts to find the server the last one counts. */
  #attempt = 0
  #closed = false
  #down = false
  #inFlight = 0
  #unansweredSince: number | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#firstConnection = new Promise((resolve) => {
      const timer = setTimeout(resolve, options.operationTimeoutMs)
      this.#settleFirst = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#open()
    this.#watch = setInterval(() => this.#check(), watchIntervalMs).unref()
  }

  /** Resolves when it is connected for the first time, or within the time limit when it is not yet. */
  get firstConnection(): Promise<void> {
    return this.#firstConnection
  }

  /** Calls `listener` after every (re)connection from now on. */
  onReady(listener: () => void): void {
    this.#readyListeners.push(listener)
  }

  get role(): string {
    return this.#options.role
  }

  /** Whether the last word from Redis was an answer, not silence. */
  get answers(): boolean {
    return this.#client?.isReady === true && this.#unansweredSince === undefined
  }

  /** @throws TransportUnavailable when Redis is away, silent for the time limit, or refuses. */
  async run<T>(command: (client: RedisClient) => Promise<T>, limits: RunLimits = {}): Promise<T> {
    const { timeoutMs = this.#options.operationTimeoutMs, restartOnTimeout = false } = limits
    await this.#firstConnection
    const client = this.#client
    if (this.#closed) throw new TransportUnavailable('the connection to Redis is closed')
    if (!client?.isReady) throw new TransportUnavailable('there is no connection to Redis')
    this.#inFlight++
    const answer = command(client).finally(() => {
      this.#inFlight--
    })
    const heard = () => this.#heard(client)
    answer.then(heard, heard)
    try {
      return await within(answer, timeoutMs)
    } catch (error) {
      if (error === timedOut && client === this.#client) {
        this.#unansweredSince ??= performance.now()
        if (restartOnTimeout) this.#restart()
      }
      if (isWrongServer(error) && client === this.#client) this.#locateAgain()
      throw unavailable(error, timeoutMs)
    }
  }

  #restart(): void {
    if (this.#closed) return
    this.#client?.destroy()
    this.#unansweredSince = undefined
    this.#open()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#settleFirst()
    clearInterval(this.#watch)
    this.#client?.destroy()
  }

  #open(): void {
    const attempt = ++this.#attempt
    const { locate } = this.#options.route
    if (!locate) {
      // A client that is closed while it connects rejects; every other failure it retries by itself.
      this.#adopt(openClient(this.#options)).catch(() => undefined)
      return
    }
    this.#client = undefined
    const opening = locate().then(async (server) => {
      if (attempt === this.#attempt && !this.#closed) await this.#adopt(openClient(this.#options, server))
    })
    opening.catch((error: unknown) => {
      if (attempt !== this.#attempt) return
      this.#noteLoss(error)
      this.#locateAgain()
    })
  }

  async #adopt(client: RedisClient): Promise<void> {
    this.#client = client
    client.on('error', (error: unknown) => this.#lost(client, error))
    client.on('ready', () => this.#connected(client))
    await client.connect()
  }

  /** Gives the server up that was right until now, and asks in a while which one is. */
  #locateAgain(): void {
    if (!this.#options.route.locate || this.#closed) return
    if (this.#client?.isOpen) this.#client.destroy()
    this.#client = undefined
    this.#unansweredSince = undefined
    const attempt = ++this.#attempt
    setTimeout(() => {
      if (attempt === this.#attempt && !this.#closed) this.#open()
    }, locateAgainMs * jitter()).unref()
  }

  #connected(client: RedisClient): void {
    if (this.#closed || client !== this.#client) {
      // The socket opened after its client was given up.
      client.destroy()
      return
    }
    this.#unansweredSince = undefined
    this.#settleFirst()
    if (this.#down) this.#options.log.info({ connection: this.#options.role }, 'connected to Redis again')
    this.#down = false
    for (const listener of this.#readyListeners) listener()
  }

  #lost(client: RedisClient, error: unknown): void {
    if (this.#closed || client !== this.#client) return
    this.#noteLoss(error)
    this.#locateAgain()
  }

  #noteLoss(error: unknown): void {
    if (this.#closed || this.#down) return
    this.#down = true
    const reason = error instanceof Error ? error.message : String(error)
    this.#options.log.warn(
      { connection: this.#options.role, reason },
      'lost the connection to Redis, retrying',
    )
  }

  #heard(client: RedisClient): void {
    if (client === this.#client) this.#unansweredSince = undefined
  }

  #check(): void {
    const { log, role } = this.#options
    if (
      this.#unansweredSince !== undefined &&
      performance.now() - this.#unansweredSince > unansweredLimitMs
    ) {
      if (!this.#down) log.warn({ connection: role }, 'Redis does not answer, opening a new connection')
      this.#down = true
      this.#restart()
      return
    }
    // A failed ping has told all it had to tell: it is the silence that `run` noted.
    if (this.#client?.isReady && this.#inFlight === 0)
      this.run((client) => client.ping()).catch(() => undefined)
  }
}

/** @param server Where the route leads now; such a client does not reconnect, for the next one may be elsewhere. */
function openClient({ route, role }: ConnectionOptions, server?: ServerAddress): RedisClient {
  const { socket, ...settings } = server ? locatedAt(route, server) : route.settings
  return newClient({
    ...settings,
    name: `gatehouse-${role}`,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: queueLimit,
    socket: {
      ...socket,
      connectTimeout: 2_000,
      socketTimeout: silenceLimitMs,
      reconnectStrategy: server
        ? false
        : (retries) => Math.min(2 ** Math.min(retries, 10) * 25, retryLimitMs) * jitter(),
    },
  })
}

/** It was demoted to a replica, or the keys have moved to another server. */
function isWrongServer(error: unknown): boolean {
  return error instanceof Error && /^(READONLY|MOVED|ASK|CLUSTERDOWN) /.test(error.message)
}

function jitter(): number {
  return 0.8 + Math.random() * 0.4
}

const timedOut = Symbol('timed out')

async function within<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut), timeoutMs)
  })
  try {
    return await Promise.race([answer, limit])
  } finally {
    clearTimeout(timer)
  }
}

function unavailable(error: unknown, timeoutMs: number): TransportUnavailable {
  if (error === timedOut) return new TransportUnavailable(`Redis did not answer within ${timeoutMs} ms`)
  const reason = error instanceof Error ? error.message : String(error)
  return new TransportUnavailable(`Redis failed: ${reason}`, { cause: error })
}
