import { parseArgs } from 'node:util'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { type Dispatcher, Pool } from 'undici'

/*
 * The yardstick: what Fastify and undici cost when they only pass a call on. No governance, no parsing, no log,
 * the body as one Buffer, the answer's bytes as they come, and the provider's credential put in place of the
 * caller's, as any gateway must.
 */

const { values } = parseArgs({ options: { port: { type: 'string' }, upstream: { type: 'string' } } })

const pool = new Pool(values.upstream ?? '', { connections: 256, pipelining: 1, keepAliveTimeout: 60_000 })
const server = fastify({ logger: false, bodyLimit: 10 * 1024 * 1024 })
server.removeAllContentTypeParsers()
server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
server.post('/v1/*', passOn)

/** Only between two neighbours (RFC 9110, section 7.6.1), or replaced here. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'host',
  'authorization',
])

function passOn(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack()
  const response = reply.raw
  const headers: string[] = ['authorization', 'Bearer sk-upstream']
  const { rawHeaders } = request.raw
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (!ownHeaders.has(name.toLowerCase())) headers.push(name, rawHeaders[index + 1] ?? '')
  }
  let control: Dispatcher.DispatchController | undefined
  response.once('close', () => {
    if (!response.writableFinished) control?.abort(new Error('the caller has left'))
  })
  pool.dispatch(
    { method: 'POST', path: request.url, headers, body: request.body as Buffer },
    answerTo(response, (controller) => {
      control = controller
    }),
  )
}

function answerTo(
  response: FastifyReply['raw'],
  onStart: (controller: Dispatcher.DispatchController) => void,
): Dispatcher.DispatchHandler {
  let wholeLength = -1
  let received = 0
  const chunks: Buffer[] = []
  return {
    onRequestStart: onStart,
    onResponseStart(_controller, status, headers) {
      const { connection: _c, 'keep-alive': _k, 'transfer-encoding': _t, ...forwarded } = headers
      const length = headers['content-length']
      wholeLength = length === undefined ? -1 : Number(length)
      response.writeHead(status, forwarded)
    },
    onResponseData(controller, chunk) {
      if (wholeLength >= 0) {
        // Kept until it is whole, so that head and body leave in one write.
        chunks.push(chunk)
        received += chunk.length
        if (received < wholeLength) return
        response.end(chunks.length === 1 ? chunk : Buffer.concat(chunks))
        return
      }
      if (!response.write(chunk)) {
        controller.pause()
        response.once('drain', () => controller.resume())
      }
    },
    onResponseEnd() {
      if (!response.writableEnded) response.end()
    },
    onResponseError(_controller, error) {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end(error.message)
    },
  }
}

await server.listen({ port: Number(values.port), host: '127.0.0.1' })
