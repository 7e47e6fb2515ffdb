const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Cuts a stream of server-sent events into runs of whole events, so that what is forwarded, and what a plugin sees,
 * never ends within one. Nothing is copied while events arrive whole.
 */
export class EventFramer {
  readonly #held: Buffer[] = []
  #heldBytes = 0
  /** The last two bytes of what is held. */
  #last = 0
  #lastButOne = 0

  /** The bytes of the event that has begun and not ended. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** All events that are whole with this chunk, or undefined. */
  push(chunk: Buffer): Buffer | undefined {
    const end = this.#endOfEvents(chunk)
    if (end === 0) {
      this.#hold(chunk)
      return undefined
    }
    const whole = chunk.subarray(0, end)
    const events = this.#held.length === 0 ? whole : Buffer.concat([...this.#held, whole])
    this.#held.length = 0
    this.#heldBytes = 0
    this.#last = 0
    this.#lastButOne = 0
    if (end < chunk.length) this.#hold(chunk.subarray(end))
    return events
  }

  /** What is left when the stream has ended, or undefined. */
  rest(): Buffer | undefined {
    return this.#held.length === 0 ? undefined : Buffer.concat(this.#held)
  }

  #hold(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    this.#lastButOne = chunk.length > 1 ? (chunk[chunk.length - 2] ?? 0) : this.#last
    this.#last = chunk[chunk.length - 1] ?? 0
  }

  /** Behind the last blank line: LF LF, or LF CR LF as the end of CR LF CR LF. */
  #endOfEvents(chunk: Buffer): number {
    for (let index = chunk.length - 1; index >= 0; index--) {
      if (chunk[index] !== lineFeed) continue
      const before = index > 0 ? chunk[index - 1] : this.#last
      if (before === lineFeed) return index + 1
      if (before !== carriageReturn) continue
      const earlier = index > 1 ? chunk[index - 2] : index === 1 ? this.#last : this.#lastButOne
      if (earlier === lineFeed) return index + 1
    }
    return 0
  }
}
