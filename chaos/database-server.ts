import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startPostgres } from '../cli/embedded/postgres.ts'
import type { Victim } from './faults.ts'

/** A real PostgreSQL, as durable as in production, that comes back at the same address with the data it had. */
export class DatabaseServer implements Victim {
  readonly #folder: string
  #running: EmbeddedPostgres

  private constructor(folder: string, running: EmbeddedPostgres) {
    this.#folder = folder
    this.#running = running
  }

  static async start(): Promise<DatabaseServer> {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-chaos-'))
    // As root the database runs as another user, who has to pass through.
    chmodSync(folder, 0o711)
    return new DatabaseServer(folder, await startPostgres({ dataDir: folder, announce: () => undefined }))
  }

  get superuserUrl(): string {
    return this.#running.superuserUrl('postgres')
  }

  /** Without a checkpoint: it recovers from its log when it comes back. */
  kill(): Promise<void> {
    return this.#running.crash()
  }

  async start(): Promise<void> {
    const { port } = this.#running
    this.#running = await startPostgres({ dataDir: this.#folder, announce: () => undefined, port })
  }

  async remove(): Promise<void> {
    await this.#running.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
