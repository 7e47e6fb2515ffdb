import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Random } from '../../chaos/random.ts'

/** How a server's answers are held up: each is a share of its packets. */
export interface Mischief {
  readonly late: number
  readonly longestMs: number
  /** The connection breaks instead: what was asked is done, and nobody hears so. */
  readonly lost: number
}

/** Stands before a server. What it is asked arrives at once; the answers come late, or not at all. */
export class LateProxy implements AsyncDisposable {
  readonly #server = createServer((client) => this.#carry(client))
  readonly #sockets = new Set<Socket>()
  readonly #target: { readonly host: string; readonly port: number }
  readonly #random: Random
  mischief: Mischief | undefined
  readonly counts = { late: 0, lost: 0 }

  private constructor(target: { readonly host: string; readonly port: number }, random: Random) {
    this.#target = target
    this.#random = random
  }

  static async start(url: string, random: Random): Promise<LateProxy> {
    const { hostname, port } = new URL(url)
    const proxy = new LateProxy({ host: hostname, port: Number(port) }, random)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  /** The same place behind the proxy. */
  through(url: string): string {
    const { port } = this.#server.address() as AddressInfo
    const changed = new URL(url)
    changed.hostname = '127.0.0.1'
    changed.port = String(port)
    return changed.href
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #carry(client: Socket): void {
    const server = connect(this.#target)
    const end = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        end()
      })
    }
    client.pipe(server)
    let before = Promise.resolve()
    server.on('data', (answer) => {
      const { late = 0, lost = 0, longestMs = 0 } = this.mischief ?? {}
      const isLost = this.#random.next() < lost
      const isLate = this.#random.next() < late
      this.counts.lost += Number(isLost)
      this.counts.late += Number(isLate)
      const ms = isLate ? this.#random.between(1, longestMs) : 0
      // One after the other, whatever each waits for: a stream of bytes keeps its order.
      before = before
        .then(() => (ms > 0 ? new Promise<void>((resolve) => setTimeout(resolve, ms)) : undefined))
        .then(() => (isLost ? end() : void client.write(answer)))
    })
  }
}
