import { endLine, lineEndBytes } from './journal-line.ts'

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

  /** @param kind the name of the record's only member, whose value is `json` */
  append(kind: string, json: string): void {
    const start = this.#length
    this.#write(`{"${kind}":`)
    this.#write(json)
    this.#end(start)
  }

  appendEvent(json: string): void {
    const line = this.#length
    this.#write('{"event":')
    const start = this.#length
    this.#write(json)
    this.#events.push(start, this.#length)
    this.#end(line)
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

  #write(text: string): void {
    this.#reserve(text.length * maxBytesPerChar)
    this.#length += this.#bytes.write(text, this.#length)
  }

  #end(start: number): void {
    this.#reserve(lineEndBytes)
    this.#length = endLine(this.#bytes, start, this.#length)
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
