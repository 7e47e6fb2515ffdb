import type { IncomingMessage } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Null where HTTP allows none: RFC 9110 §15. */
  readonly body: Buffer<ArrayBuffer> | null
}

/** @throws RangeError for an answer of more bytes, or of a status that is no answer. */
export async function readAnswer(incoming: IncomingMessage, mostBytes: number): Promise<Answer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBytes) throw new RangeError(`answered with more than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  const status = incoming.statusCode ?? 0
  if (status < 200 || status > 599) throw new RangeError('answered with an unknown status')
  const isEmpty = [204, 205, 304].includes(status)
  return { status, headers: headersOf(incoming), body: isEmpty ? null : Buffer.concat(chunks) }
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  return headers
}
