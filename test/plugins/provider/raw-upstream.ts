import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: ReadonlyMap<string, string>
  readonly headerNames: readonly string[]
  readonly body: string
}

export interface RawUpstream {
  readonly baseUrl: string
  readonly requests: readonly ReceivedRequest[]
  /** Resolves when a connection was closed by the gateway. */
  readonly disconnected: Promise<void>
}

/** A provider of bytes: the test decides what goes over the wire, well-formed or not. Closed when the test ends. */
export async function startRawUpstream(
  answer: (socket: Socket, request: ReceivedRequest) => void,
): Promise<RawUpstream> {
  const requests: ReceivedRequest[] = []
  const sockets = new Set<Socket>()
  const disconnection = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let received = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      disconnection.resolve()
    })
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      const request = readRequest(received)
      if (!request) return
      received = Buffer.alloc(0)
      requests.push(request)
      answer(socket, request)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo
  return { baseUrl: `http://127.0.0.1:${port}/v1`, requests, disconnected: disconnection.promise }
}

function readRequest(bytes: Buffer): ReceivedRequest | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [requestLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const [method = '', path = ''] = requestLine.split(' ')
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const headers = new Map(pairs)
  const body = bytes.subarray(headEnd + 4)
  if (body.length < Number(headers.get('content-length') ?? 0)) return undefined
  return { method, path, headers, headerNames: pairs.map(([name]) => name), body: body.toString() }
}

export function wholeAnswer(status: number, body: string, headers: readonly string[] = []): string {
  const head = [
    `HTTP/1.1 ${status} Status`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

export const streamHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n'

/** One chunk of HTTP's chunked coding; `''` is the last one. */
export function httpChunk(data: string | Buffer): Buffer {
  const bytes = Buffer.from(data)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

export function event(data: object | string): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}
