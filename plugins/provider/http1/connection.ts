import type { Socket } from 'node:net'
import { ClientError } from './client-error.ts'
import type { ExchangeHandler, RequestController } from './exchange-handler.ts'
import { ResponseParser } from './response-parser.ts'

/** Hears of a connection between its requests. */
export interface ConnectionOwner {
  /** @param keepAliveSeconds how long the server keeps it open, by its own word */
  onIdle(connection: Connection, keepAliveSeconds: number): void
  onClosed(connection: Connection): void
}

/** One request on a connection. It outlives its turn: a late call of a former request must not reach the next one. */
class Turn implements RequestController {
  readonly handler: ExchangeHandler
  readonly parser = new ResponseParser()
  readonly #connection: Connection

  constructor(connection: Connection, handler: ExchangeHandler) {
    this.#connection = connection
    this.handler = handler
  }

  abort(): void {
    this.#connection.abort(this)
  }

  pause(): void {
    this.#connection.pause(this)
  }

  resume(): void {
    this.#connection.resume(this)
  }
}

/** A connected socket that carries one request at a time. */
export class Connection {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  #turn: Turn | undefined
  #idleTimeoutMs = 0
  #isPaused = false

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('end', () => this.#finish())
    socket.on('timeout', () => this.#timeOut())
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => {
      this.#fail(lost('closed'))
      owner.onClosed(this)
    })
  }

  /** Whether nothing speaks against another request; an end of the server's side, or an error, has destroyed the socket. */
  get isOpen(): boolean {
    return !this.#socket.destroyed && !this.#turn
  }

  send(bytes: readonly Buffer[], idleTimeoutMs: number, handler: ExchangeHandler): void {
    const turn = new Turn(this, handler)
    this.#turn = turn
    try {
      handler.onRequestStart(turn)
    } catch (error) {
      this.#fail(asError(error))
    }
    if (this.#turn !== turn) return
    this.#watch(idleTimeoutMs)
    const [first, second] = bytes
    if (second) this.#socket.cork()
    if (first) this.#socket.write(first)
    if (!second) return
    this.#socket.write(second)
    this.#socket.uncork()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  abort(turn: Turn): void {
    if (this.#turn !== turn) return
    this.#turn = undefined
    this.#socket.destroy()
  }

  pause(turn: Turn): void {
    if (this.#turn !== turn) return
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(turn: Turn): void {
    if (this.#turn === turn) this.#flow()
  }

  #flow(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    // The silence until now was asked for.
    this.#socket.setTimeout(this.#idleTimeoutMs)
    this.#socket.resume()
  }

  /** Every read and write puts the socket's own timer off: a call costs none of its own. */
  #watch(idleTimeoutMs: number): void {
    if (this.#idleTimeoutMs === idleTimeoutMs) return
    this.#idleTimeoutMs = idleTimeoutMs
    this.#socket.setTimeout(idleTimeoutMs)
  }

  #timeOut(): void {
    if (this.#isPaused) return
    const isWithinBody = this.#turn?.parser.head !== undefined
    this.#fail(
      new ClientError(
        isWithinBody ? 'HTTP_BODY_TIMEOUT' : 'HTTP_HEAD_TIMEOUT',
        `Silent for ${this.#idleTimeoutMs} ms`,
      ),
    )
  }

  #read(bytes: Buffer): void {
    const turn = this.#turn
    // Nobody asked: it must not become the answer to the next request.
    if (!turn) {
      this.#socket.destroy()
      return
    }
    const { parser, handler } = turn
    const isBegun = parser.head !== undefined
    const pieces: Buffer[] = []
    let used = 0
    let failure: unknown
    try {
      used = parser.read(bytes, pieces)
    } catch (error) {
      failure = error
    }
    const { head } = parser
    try {
      if (head && !isBegun) handler.onResponseStart(head.status, head.headers)
      if (pieces.length > 0 && this.#turn === turn) handler.onResponseData(pieces)
    } catch (error) {
      failure = error
    }
    if (this.#turn !== turn) return
    if (failure !== undefined) this.#fail(asError(failure))
    else if (parser.isComplete) this.#complete(turn, used < bytes.length ? 0 : (head?.keepAliveSeconds ?? 0))
  }

  #complete(turn: Turn, keepAliveSeconds: number): void {
    this.#turn = undefined
    this.#flow()
    // With its request still being written, the server has answered before it read it all.
    if (keepAliveSeconds > 0 && this.#socket.writableLength === 0) this.#owner.onIdle(this, keepAliveSeconds)
    else this.#socket.destroy()
    turn.handler.onResponseEnd()
  }

  #finish(): void {
    const turn = this.#turn
    if (turn?.parser.finish()) this.#complete(turn, 0)
    else this.#fail(lost('ended by the server'))
  }

  #fail(error: Error): void {
    const turn = this.#turn
    this.#turn = undefined
    this.#socket.destroy()
    turn?.handler.onResponseError(error)
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

function lost(how: string): ClientError {
  return new ClientError('HTTP_CONNECTION_LOST', `The connection was ${how} before the response was complete`)
}
