import { createServer, type Socket } from 'node:net'

export interface EchoingProvider {
  readonly baseUrl: string
  /** How often it was asked. */
  requests(): number
  close(): Promise<void>
}

type Answer = (socket: Socket, key: string) => void

const head = (status: string, type = 'application/json') =>
  `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\nconnection: close\r\n`

const whole =
  (status: string, body: (key: string) => object): Answer =>
  (socket, key) => {
    socket.end(`${head(status)}\r\n${JSON.stringify(body(key))}`)
  }

const completion = (content: string) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'echo',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})

const event = (content: string) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })}\n\n`

const plain = whole('200 OK', (key) => completion(`You sent ${key}`))

/** How a badly written provider tells the key that it was sent, by the model that is asked for. */
export const echoes: Readonly<Record<string, Answer>> = {
  'echo-401': whole('401 Unauthorized', (key) => ({
    error: { message: `Incorrect API key provided: ${key}`, type: 'invalid_request_error', key },
  })),
  'echo-500': whole('500 Internal Server Error', (key) => ({ error: { message: `cannot use ${key}` } })),
  'echo-429': whole('429 Too Many Requests', (key) => ({ error: { message: `${key} is over its quota` } })),
  'echo-whole': plain,
  'echo-header': (socket, key) => {
    socket.end(
      `${head('200 OK')}x-key: ${key}\r\nset-cookie: key=${key}\r\n\r\n${JSON.stringify(completion('-'))}`,
    )
  },
  'echo-type': (socket, key) => {
    socket.end(`${head('400 Bad Request', `text/${key}`)}retry-after: ${key}\r\n\r\n${key}`)
  },
  'echo-status': (socket, key) => {
    socket.end(`${head(`500 ${key}`)}\r\n${key}`)
  },
  // The client's parser reports what it could not read.
  'echo-garbage': (socket, key) => {
    socket.end(`HTTP/1.1 200 OK\r\n${key}\u0001 ${key}\r\n\r\n`)
  },
  'echo-broken-json': (socket, key) => {
    socket.end(`${head('200 OK')}\r\n{"model": "${key}`)
  },
  'echo-stream': (socket, key) => {
    const text = `${event(`You sent ${key}`)}data: [DONE]\n\n`
    // In two pieces, cut within the key.
    const cut = text.indexOf(key) + 20
    socket.write(`${head('200 OK', 'text/event-stream')}\r\n${text.slice(0, cut)}`)
    setImmediate(() => socket.end(text.slice(cut)))
  },
  'echo-cut-stream': (socket, key) => {
    socket.write(`${head('200 OK', 'text/event-stream')}transfer-encoding: chunked\r\n\r\n`)
    const text = event(`You sent ${key}`)
    socket.write(`${text.length.toString(16)}\r\n${text}\r\n`, () => socket.destroy())
  },
  'echo-broken-event': (socket, key) => {
    socket.end(`${head('200 OK', 'text/event-stream')}\r\ndata: {"key": "${key}\n\ndata: [DONE]\n\n`)
  },
}

/** A provider on loopback that says aloud, in every way it can, which key it was sent. */
export async function startEchoingProvider(): Promise<EchoingProvider> {
  let requests = 0
  const server = createServer((socket) => {
    let request = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      request += chunk.toString('latin1')
      const model = /"model"\s*:\s*"([^"]+)"/.exec(request)?.[1]
      const key = /^authorization: Bearer (\S+)/im.exec(request)?.[1]
      if (model === undefined || key === undefined) return
      request = ''
      requests++
      const answer = echoes[model] ?? plain
      answer(socket, key)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
    requests: () => requests,
    close: () => new Promise((closed) => server.close(() => closed())),
  }
}
