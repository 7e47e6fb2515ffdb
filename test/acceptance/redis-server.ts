import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createClient } from '@redis/client'
import { endWithUs } from './end-with-us.ts'
import { eventually } from './gateway.ts'

/** A real `redis-server`, which a test kills and brings back at the same address with the data it had. */
export class RedisServer {
  readonly url: string
  readonly #port: number
  readonly #directory: string
  #child: ChildProcess | undefined

  private constructor(port: number, directory: string) {
    this.#port = port
    this.#directory = directory
    this.url = `redis://127.0.0.1:${port}`
  }

  /** @param directory of its own; must exist. */
  static async start(directory: string): Promise<RedisServer> {
    const server = new RedisServer(await findFreePort(), directory)
    await server.start()
    return server
  }

  async start(): Promise<void> {
    const args = ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#directory]
    const child = spawn('redis-server', [...args, '--save', '', '--appendonly', 'yes'], { stdio: 'ignore' })
    this.#child = child
    endWithUs(child)
    await eventually(
      () => this.#answers(),
      20_000,
      () => 'redis-server',
      once(child, 'exit'),
    )
  }

  /** Another address of it, for whoever is to hear nothing that is published; forgotten when it ends. */
  async deafUrl(): Promise<string> {
    const client = await createClient({ url: this.url }).connect()
    await client.sendCommand(['ACL', 'SETUSER', 'deaf', 'on', '>deaf', '~*', '+@all', 'resetchannels'])
    await client.close()
    return this.url.replace('redis://', 'redis://deaf:deaf@')
  }

  /** As a crash would: without a farewell. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  /** It keeps its connections and answers nobody until {@link resume}. */
  halt(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async #answers(): Promise<boolean> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.ping()) === 'PONG'
    } catch {
      return false
    } finally {
      if (client.isOpen) client.destroy()
    }
  }
}

export async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  if (address === null || typeof address === 'string') throw new Error('the loopback listener has no port')
  return address.port
}
