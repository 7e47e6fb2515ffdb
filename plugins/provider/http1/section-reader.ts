import { malformed } from './client-error.ts'

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d
const space = 0x20
const del = 0x7f

/**
 * Collects lines up to and including an empty one: a message's head or its trailers. Lines end in CRLF alone
 * (RFC 9112 §2.2 lets a recipient take a bare LF; those that do and those that don't disagree about where a message
 * ends), and other control characters are refused.
 */
export class SectionReader {
  readonly #maxBytes: number
  #text = ''
  #lineLength = 0
  #isAfterReturn = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Everything read, its empty line included. */
  get text(): string {
    return this.#text
  }

  /**
   * @returns the index behind the section, or -1 when it goes on behind the chunk
   * @throws ClientError
   */
  read(chunk: Buffer, start: number): number {
    const limit = Math.min(chunk.length, start + this.#maxBytes - this.#text.length)
    const end = this.#scan(chunk, start, limit)
    if (end < 0 && limit < chunk.length) throw malformed(`more than ${this.#maxBytes} bytes of fields`)
    this.#text += chunk.toString('latin1', start, end < 0 ? limit : end)
    return end
  }

  #scan(chunk: Buffer, start: number, limit: number): number {
    let lineLength = this.#lineLength
    let isAfterReturn = this.#isAfterReturn
    for (let index = start; index < limit; index++) {
      const byte = chunk[index] ?? 0
      if (isAfterReturn) {
        if (byte !== lineFeed) throw malformed('a carriage return within a line')
        if (lineLength === 0) return index + 1
        isAfterReturn = false
        lineLength = 0
      } else if (byte === carriageReturn) isAfterReturn = true
      else if ((byte < space && byte !== tab) || byte === del) throw malformed('a control character')
      else lineLength += 1
    }
    this.#lineLength = lineLength
    this.#isAfterReturn = isAfterReturn
    return -1
  }
}
