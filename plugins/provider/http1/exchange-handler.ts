import type { Fields } from './fields.ts'

export interface ClientRequest {
  readonly method: string
  /** Origin form: `/v1/chat/completions`. */
  readonly path: string
  /** Names and values in turn. What frames the message is the client's to say. */
  readonly headers: readonly string[]
  readonly body: Buffer
  /** Longest silence of the server, before and within its response. */
  readonly idleTimeoutMs: number
}

/** What the one who asked can do while the request is under way; afterwards, nothing of it has any effect. */
export interface RequestController {
  /** Closes the connection. The handler hears nothing more. */
  abort(): void
  pause(): void
  resume(): void
}

/** Hears of one request: its start unless there is no connection, then what comes, then its end or one error. */
export interface ExchangeHandler {
  /** The request is about to be written; after an abort in here, nothing of it is. */
  onRequestStart(controller: RequestController): void
  /** Of the final response; interim ones are skipped. */
  onResponseStart(status: number, headers: Fields): void
  /** The body's pieces of one read, as views on what was read. */
  onResponseData(pieces: readonly Buffer[]): void
  onResponseEnd(): void
  onResponseError(error: Error): void
}
