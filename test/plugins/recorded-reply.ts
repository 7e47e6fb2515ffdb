import type { Reply } from 'gatehouse/plugin-sdk/builtin'

/** A reply that keeps what the caller would have got. */
export class RecordedReply implements Reply {
  status = 0
  headers: Record<string, string> = {}
  ended = false
  aborted = false
  /** What `write` answers; set to false for a caller that reads slowly. */
  hasRoom = true
  readonly pieces: Buffer[] = []
  readonly #completions: (() => void)[] = []
  readonly #abort = new AbortController()
  readonly #listeners: (() => void)[] = []
  readonly #waiting: (() => void)[] = []
  readonly #watchers: (() => void)[] = []

  get started(): boolean {
    return this.status !== 0
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString()
  }

  onAbort(listener: () => void): void {
    if (this.aborted) listener()
    else this.#listeners.push(listener)
  }

  /** The caller leaves. */
  leave(): void {
    this.aborted = true
    this.#abort.abort()
    for (const listener of this.#listeners) listener()
  }

  setHeader(name: string, value: string): void {
    this.headers[name] = value
  }

  onHead(complete: () => void): void {
    this.#completions.push(complete)
  }

  send(status: number, headers: Record<string, string>, body: Buffer): void {
    if (this.aborted) return
    this.start(status, headers)
    this.pieces.push(body)
    this.end()
  }

  start(status: number, headers: Record<string, string>): void {
    if (this.aborted) return
    if (this.started) throw new Error('an answer has one head')
    this.status = status
    for (const complete of this.#completions) complete()
    this.headers = { ...this.headers, ...headers }
  }

  write(chunk: Buffer): boolean {
    if (this.aborted) return true
    this.pieces.push(chunk)
    for (const watcher of this.#watchers.splice(0)) watcher()
    return this.hasRoom
  }

  onDrain(resume: () => void): void {
    this.#waiting.push(resume)
  }

  get isHeldUp(): boolean {
    return this.#waiting.length > 0
  }

  /** The caller reads on. */
  drain(): void {
    this.hasRoom = true
    for (const resume of this.#waiting.splice(0)) resume()
  }

  end(): void {
    this.ended = true
  }

  /** Resolves at the next piece of a stream. */
  nextPiece(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve))
  }
}
