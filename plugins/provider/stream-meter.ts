import { textsOf } from './event-texts.ts'
import { tokensIn } from './usage.ts'
import { endOfEvent } from './usage-event.ts'

const dataLine = Buffer.from('\ndata:')
const firstLine = Buffer.from('data:')

/**
 * Estimates the tokens of a stream that never told them, without reading its events but the first: at least one token
 * each, and what an event is longer than the shortest one, or the first without its text, is taken for text.
 */
export class StreamMeter {
  #events = 0
  #bytes = 0
  #shortestEvent = Number.POSITIVE_INFINITY
  /** Until its text is known. A copy, so that it does not keep all that was read with it. */
  #firstEvent: Buffer | undefined

  /** @param run whole events */
  count(run: Buffer): void {
    let events = run.subarray(0, firstLine.length).equals(firstLine) ? 1 : 0
    for (let at = run.indexOf(dataLine); at >= 0; at = run.indexOf(dataLine, at + dataLine.length)) events++
    if (events === 0) return
    if (this.#events === 0) this.#firstEvent = Buffer.from(run.subarray(0, endOfEvent(run, 0)))
    this.#events += events
    this.#bytes += run.length
    this.#shortestEvent = Math.min(this.#shortestEvent, Math.floor(run.length / events))
  }

  estimateTokens(): number {
    if (this.#events === 0) return 0
    if (this.#firstEvent) {
      this.#shortestEvent = Math.min(this.#shortestEvent, lengthWithoutText(this.#firstEvent))
      this.#firstEvent = undefined
    }
    return Math.max(this.#events, tokensIn(this.#bytes - this.#events * this.#shortestEvent))
  }

  /** Whether the estimate is more than that: cheap as long as it is far from it. */
  exceeds(tokens: number): boolean {
    return tokensIn(this.#bytes) > tokens && this.estimateTokens() > tokens
  }
}

/** Where all events have the same length, the shortest would tell of no text at all. */
function lengthWithoutText(event: Buffer): number {
  if (!event.includes(firstLine)) return Number.POSITIVE_INFINITY
  const written = textsOf(event).reduce((bytes, { text }) => bytes + Buffer.byteLength(text), 0)
  return event.length - written
}
