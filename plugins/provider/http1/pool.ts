import { ClientError } from './client-error.ts'
import { type Endpoint, openSocket, type SessionStore } from './connect.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { ClientRequest, ExchangeHandler } from './exchange-handler.ts'
import { requestBytes } from './request-bytes.ts'

/** Servers that close idle connections do so after five seconds or more, Node's own among them. */
const maxIdleMs = 4000
/** A server's hint counts from its last byte, which was under way for a while. */
const idleMarginMs = 1000
const sweepIntervalMs = 1000

export interface PoolOptions {
  /** Scheme, host and port: `https://api.example.com`. */
  readonly origin: string
  readonly connectTimeoutMs: number
  readonly maxConnections: number
  /** Whether an address must not be spoken to, whatever name led to it. */
  readonly refuses?: ((address: string) => boolean) | undefined
  /** Certificates to trust in place of the system's, in PEM. */
  readonly ca?: string
}

interface IdleConnection {
  readonly connection: Connection
  /** On the clock of `performance.now()`. */
  readonly expiresAt: number
}

/** Keep-alive connections to one origin. The one used last is used next, so that the others can grow old and close. */
export class Pool implements ConnectionOwner {
  readonly #endpoint: Endpoint
  readonly #host: string
  readonly #maxConnections: number
  readonly #sessions: SessionStore = { session: undefined }
  readonly #idle: IdleConnection[] = []
  readonly #closed = Promise.withResolvers<void>()
  #connections = 0
  #isClosing = false
  #sweep: NodeJS.Timeout | undefined

  constructor({ origin, connectTimeoutMs, maxConnections, refuses, ca }: PoolOptions) {
    const { protocol, hostname, host, port } = new URL(origin)
    const isTls = protocol === 'https:'
    this.#host = host
    this.#maxConnections = maxConnections
    this.#endpoint = {
      isTls,
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (isTls ? 443 : 80) : Number(port),
      connectTimeoutMs,
      refuses,
      ca,
    }
  }

  /** Connections that are open, opening or closing. */
  get connections(): number {
    return this.#connections
  }

  /**
   * Sends a request once: it is never repeated, for the server may have worked on what it did not answer. The handler
   * hears of every failure, of a request that cannot be sent too.
   */
  dispatch(request: ClientRequest, handler: ExchangeHandler): void {
    let bytes: readonly Buffer[]
    try {
      bytes = requestBytes(request, this.#host)
    } catch (error) {
      handler.onResponseError(error instanceof Error ? error : new Error(String(error)))
      return
    }
    const connection = this.#takeIdle()
    if (connection) connection.send(bytes, request.idleTimeoutMs, handler)
    else this.#sendOnNew(bytes, request.idleTimeoutMs, handler)
  }

  /** Takes no more requests. Resolves when those under way are over and every connection is closed. */
  close(): Promise<void> {
    this.#isClosing = true
    for (const { connection } of this.#idle.splice(0)) connection.destroy()
    this.#settleClose()
    return this.#closed.promise
  }

  /** Taken up only when what came with the last read is dealt with: surplus bytes must find the connection idle. */
  onIdle(connection: Connection, keepAliveSeconds: number): void {
    const idleMs = Math.min(maxIdleMs, keepAliveSeconds * 1000 - idleMarginMs)
    if (this.#isClosing || idleMs <= 0) {
      connection.destroy()
      return
    }
    setImmediate(() => {
      if (this.#isClosing || !connection.isOpen) connection.destroy()
      else this.#idle.push({ connection, expiresAt: performance.now() + idleMs })
    })
  }

  onClosed(connection: Connection): void {
    const index = this.#idle.findIndex((idle) => idle.connection === connection)
    if (index >= 0) this.#idle.splice(index, 1)
    this.#release()
  }

  #takeIdle(): Connection | undefined {
    const now = performance.now()
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      if (last.expiresAt > now && last.connection.isOpen) return last.connection
      last.connection.destroy()
    }
    return undefined
  }

  #sendOnNew(bytes: readonly Buffer[], idleTimeoutMs: number, handler: ExchangeHandler): void {
    const refusal = this.#refusal()
    if (refusal) {
      handler.onResponseError(refusal)
      return
    }
    this.#connections += 1
    this.#sweep ??= setInterval(() => this.#closeExpired(), sweepIntervalMs).unref()
    openSocket(this.#endpoint, this.#sessions, (error, socket) => {
      if (error) {
        this.#release()
        handler.onResponseError(error)
      } else new Connection(socket, this).send(bytes, idleTimeoutMs, handler)
    })
  }

  #refusal(): ClientError | undefined {
    if (this.#isClosing) return new ClientError('HTTP_POOL_CLOSED', 'The pool is closed')
    if (this.#connections < this.#maxConnections) return undefined
    return new ClientError('HTTP_TOO_MANY_CONNECTIONS', `All ${this.#maxConnections} connections are in use`)
  }

  #closeExpired(): void {
    const now = performance.now()
    for (const { connection, expiresAt } of this.#idle) if (expiresAt <= now) connection.destroy()
  }

  #release(): void {
    this.#connections -= 1
    if (this.#connections > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
    this.#settleClose()
  }

  #settleClose(): void {
    if (this.#isClosing && this.#connections === 0) this.#closed.resolve()
  }
}
