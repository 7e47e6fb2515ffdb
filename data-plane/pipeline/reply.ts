import type { ServerResponse } from 'node:http'
import type { Reply } from '../../plugins/sdk/builtin.ts'
import { type ErrorBody, errorEvent, lastSequenceNumber } from './error-event.ts'
import type { OpenStream, OpenStreams } from './open-streams.ts'

/** A caller that does not take its answer for so long is cut off. */
const drainLimitMs = 60_000
/** Beyond this, copying a body costs more than a second write. */
const singleWriteBytes = 64 * 1024

/** Passes a piece of a streamed answer through the chunk hooks; what they throw ends the answer. */
export type ChunkFilter = (chunk: Buffer) => Buffer

/** The answer of one call over Node's response: one `writeHead` and one `end` when it is whole. */
export class HttpReply implements Reply {
  readonly #response: ServerResponse
  /** Sent with every answer: request id, CORS, and what stages set. */
  readonly #headers: Record<string, string>
  readonly #streams: OpenStreams
  /** Undefined where the API does not number its events. */
  #nextSequenceNumber: number | undefined
  #stream: OpenStream | undefined
  #abort: AbortController | undefined
  #listeners: (() => void)[] | undefined
  #completions: (() => void)[] | undefined
  #left = false
  #refusal: { readonly error: unknown } | undefined
  status = 0
  /** Set when a plugin of the call has chunk hooks. */
  filter: ChunkFilter | undefined

  constructor(
    response: ServerResponse,
    headers: Record<string, string>,
    streams: OpenStreams,
    numbersEvents: boolean,
  ) {
    this.#response = response
    if (numbersEvents) this.#nextSequenceNumber = 0
    this.#headers = headers
    this.#streams = streams
    response.on('close', this.#onClose)
  }

  get started(): boolean {
    return this.status !== 0
  }

  get ended(): boolean {
    return this.#response.writableEnded
  }

  get aborted(): boolean {
    return this.#left
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.#left) this.#abort.abort()
    }
    return this.#abort.signal
  }

  /** What a chunk hook threw, or a shutdown said, while the answer was on its way. */
  get refusal(): { readonly error: unknown } | undefined {
    return this.#refusal
  }

  onAbort(listener: () => void): void {
    if (this.#left) listener()
    else if (this.#listeners) this.#listeners.push(listener)
    else this.#listeners = [listener]
  }

  setHeader(name: string, value: string): void {
    this.#headers[name] = value
  }

  onHead(complete: () => void): void {
    if (this.#completions) this.#completions.push(complete)
    else this.#completions = [complete]
  }

  send(status: number, headers: Record<string, string>, body: Buffer): void {
    if (this.status !== 0 || this.#left) return
    this.status = status
    const out = this.#withOwnHeaders(headers)
    out['content-length'] = String(body.length)
    this.#response.writeHead(status, out)
    // Node sends the head and a string as one write, the head and a buffer as two: a fifth of the answer's cost.
    if (body.length <= singleWriteBytes) this.#response.end(body.toString('latin1'), 'latin1')
    else this.#response.end(body)
  }

  start(status: number, headers: Record<string, string>): void {
    if (this.status !== 0 || this.#left) return
    this.status = status
    this.#stream = this.#streams.add((error) => this.#refuse(error))
    this.#response.writeHead(status, this.#withOwnHeaders(headers))
  }

  write(chunk: Buffer): boolean {
    if (this.#left || this.#refusal || this.#response.writableEnded) return true
    if (!this.filter) return this.#send(chunk)
    try {
      const piece = this.filter(chunk)
      return piece.length === 0 || this.#send(piece)
    } catch (error) {
      this.#refuse(error)
      return true
    }
  }

  #send(piece: Buffer): boolean {
    if (this.#nextSequenceNumber !== undefined) {
      const last = lastSequenceNumber(piece)
      if (last !== undefined) this.#nextSequenceNumber = last + 1
    }
    return this.#response.write(piece)
  }

  onDrain(resume: () => void): void {
    const response = this.#response
    if (this.#left || !response.writableNeedDrain) {
      resume()
      return
    }
    const timer = setTimeout(() => response.destroy(), drainLimitMs)
    response.once('drain', () => {
      clearTimeout(timer)
      resume()
    })
    response.once('close', () => clearTimeout(timer))
  }

  end(): void {
    if (!this.#refusal) this.#response.end()
  }

  /**
   * Ends an answer that has begun but cannot be completed. A stream of events gets the error as its last event; any
   * other answer is cut, so that no reader takes it for whole.
   */
  breakOff(body: ErrorBody): void {
    const response = this.#response
    if (response.writableEnded || response.destroyed) return
    const contentType = response.getHeader('content-type') ?? this.#contentType
    if (typeof contentType === 'string' && contentType.startsWith('text/event-stream')) {
      response.end(errorEvent(body, this.#nextSequenceNumber))
    } else {
      response.destroy()
    }
  }

  #contentType: string | undefined

  #withOwnHeaders(headers: Record<string, string>): Record<string, string> {
    this.#contentType = headers['content-type']
    if (this.#completions) for (const complete of this.#completions) complete()
    const out = this.#headers
    for (const name in headers) {
      const value = headers[name]
      if (value !== undefined) out[name] = value
    }
    return out
  }

  #refuse(error: unknown): void {
    if (this.#left || this.#refusal || this.#response.writableEnded) return
    this.#refusal = { error }
    this.#leave()
  }

  readonly #onClose = (): void => {
    if (this.#stream) this.#streams.remove(this.#stream)
    if (!this.#response.writableFinished) {
      this.#left = true
      this.#leave()
    }
  }

  #leave(): void {
    this.#abort?.abort()
    const listeners = this.#listeners
    this.#listeners = undefined
    if (listeners) for (const listener of listeners) listener()
  }
}
