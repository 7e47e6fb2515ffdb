import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { Listener } from '../../../data-plane/routes/listener.ts'

const callers = 64
const host = '127.0.0.1'
const request = 'GET / HTTP/1.1\r\nhost: gateway\r\n\r\n'

let ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(ends.map((end) => end()))
  ends = []
})

async function listening(handler: () => Promise<string>) {
  const app: FastifyInstance = Fastify()
  app.get('/', handler)
  const listener = new Listener(app)
  await listener.listen({ host, port: 0 })
  ends.push(() => listener.close())
  return { app, listener, port: (app.server.address() as AddressInfo).port }
}

async function connected(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ host, port }))
  for (const socket of sockets) ends.push(async () => socket.destroy())
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return sockets
}

/** What libuv does outside Linux is not ours to speed up. */
describe.runIf(process.platform === 'linux')('a server with much to do', () => {
  it('takes in many new connections in each turn, so that they wait where they can be refused', async () => {
    const { app, port } = await listening(async () => 'ok')
    let taken = 0
    app.server.on('connection', () => taken++)
    const sockets = Array.from({ length: callers }, () => connect({ host, port }))
    for (const socket of sockets) ends.push(async () => socket.destroy())
    let turns = 0
    for (; taken < callers; turns += 1) await turn()
    expect(turns).toBeLessThan(callers / 2)
  })
})

describe('a port', () => {
  it('that somebody else has is refused, though it is shared among the sockets of one server', async () => {
    const { port } = await listening(async () => 'ok')
    const second = new Listener(Fastify())
    await expect(second.listen({ host, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const stranger = createServer().listen({ host, port })
    await expect(once(stranger, 'listening')).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('the end', () => {
  it('waits for every call under way, whichever socket took it in, and takes no new one', async () => {
    const released = Promise.withResolvers<string>()
    let underWay = 0
    const { listener, port } = await listening(() => {
      underWay += 1
      return released.promise
    })
    const sockets = await connected(port, callers)
    for (const socket of sockets) socket.write(request)
    while (underWay < callers) await turn()
    let isClosed = false
    const closed = listener.close().then(() => {
      isClosed = true
    })
    const late = connect({ host, port })
    await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(isClosed).toBe(false)
    const answers = sockets.map(async (socket) => String((await once(socket, 'data'))[0]))
    released.resolve('done')
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 200 (?:.|\s)*done$/)
    await closed
  })
})
