import { once } from 'node:events'
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net'
import type { FastifyInstance } from 'fastify'

export interface ListenAddress {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

/*
 * libuv takes one connection from each listening socket in a turn of the event loop. A data plane with much to do makes
 * some twenty turns a second: new connections would wait in the kernel for many seconds, where nothing can refuse them.
 */
const sockets = 32
const idleSweepMs = 50

/** Where a server takes in connections: on several sockets of one port, among which the kernel divides them. */
export class Listener {
  readonly #app: FastifyInstance
  readonly #more: Server[] = []

  constructor(app: FastifyInstance) {
    this.#app = app
  }

  /** @throws Error EADDRINUSE when somebody else has the port */
  async listen({ host, port }: ListenAddress): Promise<void> {
    if (process.platform !== 'linux') {
      await this.#app.listen({ host, port })
      return
    }
    // A port that may be reused may be so by another process too, unless it is asked for alone first.
    const shared = { host, port: await takeAlone({ host, port }), reusePort: true }
    await this.#app.listen(shared)
    for (let count = 1; count < sockets; count += 1) this.#more.push(await this.#open(shared))
  }

  /** Takes no new connection, and resolves when the last one is closed. */
  async close(): Promise<void> {
    const closed = this.#more.map(async (server) => {
      server.close()
      await once(server, 'close')
    })
    const sweep = setInterval(() => this.#app.server.closeIdleConnections(), idleSweepMs)
    await Promise.all([this.#app.close(), ...closed]).finally(() => clearInterval(sweep))
  }

  async #open(shared: ListenOptions): Promise<Server> {
    // As node:http opens its own.
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    server.on('connection', (socket) => this.#app.server.emit('connection', socket))
    server.listen(shared)
    await once(server, 'listening')
    return server
  }
}

async function takeAlone({ host, port }: ListenAddress): Promise<number> {
  const server = createServer()
  server.listen({ host, port, exclusive: true })
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return taken
}
