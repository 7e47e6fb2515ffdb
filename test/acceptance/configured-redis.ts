import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { endWithUs } from './end-with-us.ts'
import { eventually } from './gateway.ts'
import { findFreePort } from './redis-server.ts'

export const startLimitMs = 20_000
const startAttempts = 5

/** A `redis-server` with a configuration file of its own, such as a sentinel or a node of a cluster. */
export class ConfiguredRedis {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(port: number, child: ChildProcess) {
    this.port = port
    this.#child = child
  }

  /**
   * Another port is tried when a server ends at once: a connection may have taken its port since it was free, or that of
   * its cluster bus, which lies 10 000 above.
   *
   * @param directory in which it gets a folder of its own.
   */
  static async start(
    directory: string,
    lines: readonly string[],
    flags: readonly string[] = [],
  ): Promise<ConfiguredRedis> {
    for (let attempt = 1; ; attempt++) {
      const server = ConfiguredRedis.#launch(directory, await findFreePort(), lines, flags)
      try {
        await server.#isUp()
        return server
      } catch (error) {
        await server.kill()
        if (attempt === startAttempts) throw error
      }
    }
  }

  static #launch(
    directory: string,
    port: number,
    lines: readonly string[],
    flags: readonly string[],
  ): ConfiguredRedis {
    const own = join(directory, String(port))
    mkdirSync(own, { recursive: true })
    const file = join(own, 'redis.conf')
    writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${own}`, ...lines, ''].join('\n'))
    const child = spawn('redis-server', [file, ...flags], { stdio: 'ignore' })
    endWithUs(child)
    return new ConfiguredRedis(port, child)
  }

  async #isUp(): Promise<void> {
    await eventually(
      async () => (await this.ask('PING')) === 'PONG',
      startLimitMs,
      () => 'redis-server',
      once(this.#child, 'exit'),
    )
  }

  /** Undefined when it does not answer, or refuses. */
  async ask(...command: string[]): Promise<unknown> {
    const socket = { host: '127.0.0.1', port: this.port, reconnectStrategy: false as const }
    const client = createClient({ socket })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return await client.sendCommand(command)
    } catch {
      return undefined
    } finally {
      if (client.isOpen) client.destroy()
    }
  }

  async info(): Promise<string> {
    return String(await this.ask('INFO'))
  }

  /** As a crash would: without a farewell. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}
