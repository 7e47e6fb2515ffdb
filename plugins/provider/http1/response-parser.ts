import { ChunkedBody } from './chunked-body.ts'
import { malformed } from './client-error.ts'
import { parseHead, type ResponseHead } from './response-head.ts'
import { SectionReader } from './section-reader.ts'

const maxHeadBytes = 65_536
const maxInterimResponses = 16
const letterH = 0x48

/** Reads one response, cut into reads anywhere. Strict: what could be read in two ways is refused (RFC 9112 §11.2). */
export class ResponseParser {
  #head: ResponseHead | undefined
  #section: SectionReader | undefined
  #interimResponses = 0
  #left = 0
  #chunked: ChunkedBody | undefined
  #isComplete = false

  /** Of the final response, once it has been read. */
  get head(): ResponseHead | undefined {
    return this.#head
  }

  get isComplete(): boolean {
    return this.#isComplete
  }

  /**
   * Adds what `bytes` hold of the body to `pieces`, as views on them.
   *
   * @returns how many of the bytes are of this response; less than all when it ended before them
   * @throws ClientError; what was added to `pieces` until then is of the body
   */
  read(bytes: Buffer, pieces: Buffer[]): number {
    let at = 0
    while (!this.#head) {
      if (at === bytes.length) return at
      at = this.#readHead(bytes, at)
    }
    return this.#isComplete ? at : this.#readBody(this.#head, bytes, at, pieces)
  }

  /** Takes the end of the connection. @returns whether the response ends with it */
  finish(): boolean {
    if (this.#head?.framing === 'close') this.#isComplete = true
    return this.#isComplete
  }

  #readHead(bytes: Buffer, start: number): number {
    if (!this.#section) {
      if (bytes[start] !== letterH) throw malformed('no status line of HTTP/1')
      this.#section = new SectionReader(maxHeadBytes)
    }
    const end = this.#section.read(bytes, start)
    if (end < 0) return bytes.length
    const head = parseHead(this.#section.text)
    this.#section = undefined
    if (head.status < 200) this.#skipInterim(head)
    else this.#begin(head)
    return end
  }

  #skipInterim({ status, keepAliveSeconds }: ResponseHead): void {
    // HTTP/1.0 has none (RFC 9110 §15.2); readers disagree about what follows.
    if (keepAliveSeconds === 0) throw malformed('an interim response that ends the connection')
    if (status === 101) throw malformed('a switch of protocols that nobody asked for')
    this.#interimResponses += 1
    if (this.#interimResponses > maxInterimResponses) throw malformed('interim responses without end')
  }

  #begin(head: ResponseHead): void {
    this.#head = head
    this.#left = head.contentLength
    if (head.framing === 'chunked') this.#chunked = new ChunkedBody()
    if (head.framing === 'none') this.#isComplete = true
  }

  #readBody({ framing }: ResponseHead, bytes: Buffer, start: number, pieces: Buffer[]): number {
    if (start === bytes.length) return start
    if (this.#chunked) {
      const end = this.#chunked.read(bytes, start, pieces)
      this.#isComplete = this.#chunked.isComplete
      return end
    }
    const end = framing === 'length' ? Math.min(bytes.length, start + this.#left) : bytes.length
    pieces.push(bytes.subarray(start, end))
    this.#left -= end - start
    if (framing === 'length' && this.#left === 0) this.#isComplete = true
    return end
  }
}
