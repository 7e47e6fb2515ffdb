import { createServer, type Socket } from 'node:net'
import { parseArgs } from 'node:util'

/*
 * A provider that costs next to nothing: it streams the same answer to everybody, one event at a time, from prepared
 * bytes over plain sockets. What is to be the bottleneck is the gateway.
 */

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    events: { type: 'string' },
    'every-ms': { type: 'string' },
  },
})
const events = Number(values.events)
const everyMs = Number(values['every-ms'])

const chunked = (text: string) => Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`)
const eventOf = (data: object) => chunked(`data: ${JSON.stringify(data)}\n\n`)
const common = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 0, model: 'paced' }

const head = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
)
const word = eventOf({ ...common, choices: [{ index: 0, delta: { content: ' word' }, finish_reason: null }] })
const usage = { prompt_tokens: 10, completion_tokens: events, total_tokens: events + 10 }
const last = Buffer.concat([
  eventOf({ ...common, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
  eventOf({ ...common, choices: [], usage }),
  chunked('data: [DONE]\n\n'),
  Buffer.from('0\r\n\r\n'),
])
const first = Buffer.concat([head, word])

/** How many events each caller has. One timer for all: one for each would cost more than its events. */
const streams = new Map<Socket, number>()
setInterval(() => {
  for (const [socket, sent] of streams) {
    if (sent < events) {
      streams.set(socket, sent + 1)
      socket.write(word)
    } else {
      streams.delete(socket)
      socket.write(last)
    }
  }
}, everyMs)

/** Requests come one at a time on each connection, and each ends with the brace of its body. */
createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  socket.on('close', () => streams.delete(socket))
  socket.on('data', (bytes: Buffer) => {
    if (bytes.at(-1) !== '}'.charCodeAt(0)) return
    socket.write(first)
    streams.set(socket, 1)
  })
}).listen(Number(values.port), '127.0.0.1')
