import { createServer, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { answerOf } from './answers.ts'

/*
 * The mock provider: hand-written HTTP/1.1 framing on plain sockets, because it shares its core with the load
 * generator and must be far faster than what is measured. It reads only what it must: where a request ends,
 * and by its model and `stream` which of the prepared answers it gets.
 */

const { values } = parseArgs({ options: { port: { type: 'string' } } })

const pacedMs = 50
const pacedSteps = 5

interface Prepared {
  readonly atOnce: Buffer
  /** Parts that are sent one after the other, spread over `pacedMs`. */
  readonly parts: readonly Buffer[]
}

const prepared = new Map<string, Prepared>()
for (const bytes of [1_000, 10_000]) {
  for (const stream of [false, true]) {
    const { pieces } = answerOf({ stream, bytes })
    prepared.set(`${bytes}/${stream}`, { atOnce: Buffer.concat(pieces), parts: split(pieces) })
  }
}

function split(pieces: readonly Buffer[]): Buffer[] {
  const size = Math.ceil(pieces.length / pacedSteps)
  const parts: Buffer[] = []
  for (let at = 0; at < pieces.length; at += size) parts.push(Buffer.concat(pieces.slice(at, at + size)))
  return parts
}

const headEnd = Buffer.from('\r\n\r\n')
const modelMark = Buffer.from('bench-')
const streamMark = Buffer.from('"stream":true')
const badRequest = 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'

function serve(socket: Socket): void {
  let pending: Buffer | undefined
  socket.setNoDelay(true)
  // A caller that goes away in the middle is its own business.
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    let bytes: Buffer = pending ? Buffer.concat([pending, chunk]) : chunk
    pending = undefined
    while (bytes.length > 0) {
      const end = requestEnd(bytes)
      if (end === undefined) {
        socket.end(badRequest)
        return
      }
      if (end > bytes.length) {
        pending = bytes
        return
      }
      answer(socket, bytes.subarray(0, end))
      bytes = bytes.subarray(end)
    }
  })
}

/** Where the first request ends; beyond the bytes when they are not whole; undefined when that cannot be told. */
function requestEnd(bytes: Buffer): number | undefined {
  const head = bytes.indexOf(headEnd)
  if (head < 0) return bytes.length + 1
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, head)) ?? []
  return length === undefined ? undefined : head + headEnd.length + Number(length)
}

function answer(socket: Socket, request: Buffer): void {
  const at = request.indexOf(modelMark)
  const model = request.toString('latin1', at, at + 18)
  const size = model.startsWith('bench-10000') ? 10_000 : 1_000
  const choice = prepared.get(`${size}/${request.includes(streamMark)}`)
  if (at < 0 || !choice) socket.end(badRequest)
  else if (model.includes('-paced')) sendPaced(socket, choice.parts, 0)
  else socket.write(choice.atOnce)
}

function sendPaced(socket: Socket, parts: readonly Buffer[], index: number): void {
  const part = parts[index]
  if (!part) return
  setTimeout(() => {
    if (socket.destroyed) return
    socket.write(part)
    sendPaced(socket, parts, index + 1)
  }, pacedMs / parts.length)
}

createServer({ noDelay: true }, serve).listen(Number(values.port), '127.0.0.1')
