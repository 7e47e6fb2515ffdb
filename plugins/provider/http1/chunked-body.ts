import { malformed } from './client-error.ts'
import { parseFields } from './fields.ts'
import { SectionReader } from './section-reader.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const semicolon = 0x3b
/** 2^52 bytes: the next digit would still be counted exactly. */
const maxSizeDigits = 13
const maxTrailerBytes = 16_384
/** Of one message, all chunks together: extensions are the one part of it that costs and says nothing. */
const maxExtensionBytes = 16_384
/** RFC 9112 §7.1.1, without the white space that only a recipient of old senders needs. */
const extensionPattern =
  /^(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*$/

type Step = 'size' | 'extension' | 'size-end' | 'data' | 'data-return' | 'data-end' | 'trailers' | 'complete'

/** Takes the chunked coding off (RFC 9112 §7.1), cut into reads anywhere. Extensions and trailers are dropped. */
export class ChunkedBody {
  #step: Step = 'size'
  #digits = 0
  #left = 0
  #extension = ''
  #extensionBytes = 0
  #trailers: SectionReader | undefined

  get isComplete(): boolean {
    return this.#step === 'complete'
  }

  /**
   * Adds the chunk data within `bytes` to `pieces`.
   *
   * @returns the index behind the last byte of the body within `bytes`
   * @throws ClientError
   */
  read(bytes: Buffer, start: number, pieces: Buffer[]): number {
    let at = start
    while (at < bytes.length && this.#step !== 'complete') {
      if (this.#step === 'data') at = this.#takeData(bytes, at, pieces)
      else if (this.#step === 'trailers') at = this.#skipTrailers(bytes, at)
      else {
        this.#takeByte(bytes[at] ?? 0)
        at += 1
      }
    }
    return at
  }

  #takeData(bytes: Buffer, at: number, pieces: Buffer[]): number {
    const end = Math.min(bytes.length, at + this.#left)
    pieces.push(bytes.subarray(at, end))
    this.#left -= end - at
    if (this.#left === 0) this.#step = 'data-return'
    return end
  }

  #skipTrailers(bytes: Buffer, at: number): number {
    this.#trailers ??= new SectionReader(maxTrailerBytes)
    const end = this.#trailers.read(bytes, at)
    if (end < 0) return bytes.length
    const fields = parseFields(this.#trailers.text, 0)
    if (fields['content-length'] !== undefined || fields['transfer-encoding'] !== undefined) {
      throw malformed('framing fields among the trailers')
    }
    this.#step = 'complete'
    return end
  }

  #takeByte(byte: number): void {
    switch (this.#step) {
      case 'size':
        this.#takeSizeByte(byte)
        return
      case 'extension':
        this.#takeExtensionByte(byte)
        return
      case 'size-end':
        this.#endSize(byte)
        return
      case 'data-return':
        if (byte !== carriageReturn) throw malformed('chunk data beyond its size')
        this.#step = 'data-end'
        return
      default:
        if (byte !== lineFeed) throw malformed('chunk data without its line end')
        this.#step = 'size'
    }
  }

  #takeSizeByte(byte: number): void {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      this.#digits += 1
      if (this.#digits > maxSizeDigits) throw malformed('a chunk size beyond any size')
      this.#left = this.#left * 16 + digit
      return
    }
    if (this.#digits === 0) throw malformed('no chunk size')
    if (byte === carriageReturn) this.#step = 'size-end'
    else if (byte === semicolon) {
      this.#step = 'extension'
      this.#takeExtensionByte(byte)
    } else throw malformed('a chunk size that is no number')
  }

  #takeExtensionByte(byte: number): void {
    if (byte === carriageReturn) {
      if (!extensionPattern.test(this.#extension)) throw malformed('a broken chunk extension')
      this.#extension = ''
      this.#step = 'size-end'
      return
    }
    this.#extensionBytes += 1
    if (this.#extensionBytes > maxExtensionBytes) throw malformed('chunk extensions beyond their limit')
    this.#extension += String.fromCharCode(byte)
  }

  #endSize(byte: number): void {
    if (byte !== lineFeed) throw malformed('a chunk size without its line end')
    this.#digits = 0
    this.#step = this.#left === 0 ? 'trailers' : 'data'
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
