import { eventHead, eventTail } from './journal-record.ts'

const initialBytes = 256 * 1024
/** Of UTF-8, per unit of UTF-16. */
const maxBytesPerChar = 3

/**
 * Journal lines on their way to the file, as bytes: strings that wait for a write outlive the young generation, and
 * copying them there costs more than the whole call.
 */
export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(initialBytes)
  #length = 0
  /** Start and end of each event's JSON in turn. */
  readonly #events: number[] = []

  get length(): number {
    return this.#length
  }

  get eventCount(): number {
    return this.#events.length / 2
  }

  /** A view that the next `clear` ends. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** @param line ends in a line feed */
  append(line: string): void {
    this.#reserve(line.length)
    this.#length += this.#bytes.write(line, this.#length)
  }

  appendEvent(json: string): void {
    this.append(eventHead)
    const start = this.#length
    this.append(json)
    this.#events.push(start, this.#length)
    this.append(eventTail)
  }

  /** How long the JSON of all events would be with a comma behind each. */
  get joinedEventBytes(): number {
    let bytes = 0
    for (let index = 0; index < this.#events.length; index += 2) {
      bytes += (this.#events[index + 1] ?? 0) - (this.#events[index] ?? 0) + 1
    }
    return bytes
  }

  /** Copies the JSON of all events, with a comma behind each. @returns the index behind the last comma */
  joinEvents(target: Buffer, from: number): number {
    let at = from
    for (let index = 0; index < this.#events.length; index += 2) {
      at += this.#bytes.copy(target, at, this.#events[index], this.#events[index + 1])
      target[at++] = 0x2c
    }
    return at
  }

  clear(): void {
    this.#length = 0
    this.#events.length = 0
    if (this.#bytes.length > initialBytes) this.#bytes = Buffer.allocUnsafeSlow(initialBytes)
  }

  #reserve(chars: number): void {
    const needed = this.#length + chars * maxBytesPerChar
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
