/** The caller's connection, for the stage that answers. */
export interface Reply {
  /** Whether the head has gone out, so that the status can no longer change. */
  readonly started: boolean
  /** The status that went out; 0 before. */
  readonly status: number
  /** Whether the caller left before the answer was complete. */
  readonly aborted: boolean
  /** Aborted when the caller has left. Made on first use: `onAbort` is cheaper. */
  readonly signal: AbortSignal
  /** Calls `listener` once, when the caller leaves before the answer is complete. */
  onAbort(listener: () => void): void
  /** Sets a header of the answer, whatever that will be. Does nothing once the head has gone out. */
  setHeader(name: string, value: string): void
  /** Calls `complete` when the head is about to go out: it may still set headers. */
  onHead(complete: () => void): void
  /** Head and whole body in one write. */
  send(status: number, headers: Record<string, string>, body: Buffer): void
  /** Starts a streamed answer; its head goes out with the first piece. */
  start(status: number, headers: Record<string, string>): void
  /** Runs the chunk hooks and writes; false asks to wait for `drain`. */
  write(chunk: Buffer): boolean
  onDrain(resume: () => void): void
  end(): void
}
