import { malformed } from './client-error.ts'
import { type Fields, parseFields } from './fields.ts'

/** Where the body ends (RFC 9112 §6.3): at once, after so many bytes, after the last chunk, or with the connection. */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

export interface ResponseHead {
  readonly status: number
  readonly headers: Fields
  readonly framing: Framing
  /** 0 unless framed by length. */
  readonly contentLength: number
  /** Seconds for which the server keeps the idle connection open: 0 not at all, Infinity when it did not say. */
  readonly keepAliveSeconds: number
}

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/
/** Exactly representable, and more than any answer. */
const lengthPattern = /^\d{1,15}$/
const closeOption = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i
const keepAliveTimeout = /(?:^|,)[ \t]*timeout[ \t]*=[ \t]*"?(\d{1,9})/i

/**
 * @param text of the whole head, as SectionReader has read it
 * @throws ClientError where two readers could disagree about the message's end, too
 */
export function parseHead(text: string): ResponseHead {
  const lineEnd = text.indexOf('\r\n')
  const line = statusLine.exec(text.slice(0, lineEnd))
  if (!line) throw malformed('no status line of HTTP/1')
  const isOldVersion = line[1] === '0'
  const status = Number(line[2])
  const headers = parseFields(text, lineEnd + 2)
  const transferEncoding = headers['transfer-encoding']
  if (transferEncoding !== undefined) {
    // RFC 9112 §6.1: an HTTP/1.0 message with a transfer coding is to be treated as faultily framed.
    if (isOldVersion) throw malformed('a transfer coding in HTTP/1.0')
    if (transferEncoding.toLowerCase() !== 'chunked') throw malformed('a transfer coding other than chunked')
    if (headers['content-length'] !== undefined) throw malformed('both a length and a transfer coding')
  }
  const contentLength = parseLength(headers['content-length'])
  const framing = framingOf(status, transferEncoding !== undefined, contentLength)
  return {
    status,
    headers,
    framing,
    contentLength: framing === 'length' ? contentLength : 0,
    keepAliveSeconds: isOldVersion || framing === 'close' ? 0 : keepAliveSeconds(headers),
  }
}

/** -1 when there is none. A list of lengths is refused even if all are the same. */
function parseLength(value: string | undefined): number {
  if (value === undefined) return -1
  if (!lengthPattern.test(value)) throw malformed('a content length that is no number')
  return Number(value)
}

function framingOf(status: number, isChunked: boolean, contentLength: number): Framing {
  if (status === 304) return 'none'
  if (status < 200 || status === 204) {
    // RFC 9110 §8.6 and RFC 9112 §6.1 forbid it, and not everyone would skip the body.
    if (isChunked || contentLength > 0) throw malformed(`a body under status ${status}`)
    return 'none'
  }
  if (isChunked) return 'chunked'
  if (contentLength === 0) return 'none'
  return contentLength > 0 ? 'length' : 'close'
}

function keepAliveSeconds(headers: Fields): number {
  const { connection } = headers
  if (connection !== undefined && closeOption.test(connection)) return 0
  const hint = headers['keep-alive']
  const seconds = hint === undefined ? undefined : keepAliveTimeout.exec(hint)?.[1]
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds)
}
