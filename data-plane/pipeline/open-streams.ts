/** Ends a stream with an error as its last event. */
type BreakOff = (error: unknown) => void

/** One stream's place in the list; emptied when it ends, so that an outgrown table keeps nothing of it alive. */
export interface OpenStream {
  breakOff: BreakOff | undefined
}

/** The streamed answers that are under way, so that what a shutdown cannot wait for is told so and not just cut. */
export class OpenStreams {
  readonly #open = new Set<OpenStream>()

  get count(): number {
    return this.#open.size
  }

  add(breakOff: BreakOff): OpenStream {
    const stream = { breakOff }
    this.#open.add(stream)
    return stream
  }

  remove(stream: OpenStream): void {
    stream.breakOff = undefined
    this.#open.delete(stream)
  }

  /** Ends all of them. @returns how many */
  breakOff(error: unknown): number {
    const streams = [...this.#open]
    for (const { breakOff } of streams) breakOff?.(error)
    return streams.length
  }
}
