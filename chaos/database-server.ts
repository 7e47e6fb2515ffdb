import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, startPostgres } from '../cli/embedded/postgres.ts'
import type { Victim } from './faults.ts'

/** A real PostgreSQL, as durable as in production, that comes back at the same address with the data it had. */
export class DatabaseServer implements Victim {
  readonly #folder: string
  #running: EmbeddedPostgres
  #halted: number[] = []

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

  /** Freezes the server and all its sessions: connections stay open and nothing is answered. */
  async halt(): Promise<void> {
    const client = new pg.Client({ connectionString: this.superuserUrl, connectionTimeoutMillis: 10_000 })
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    // While the session lives: of one that is gone nobody knows whose it was, and process 0 would be ourselves.
    const postmaster = parentOf(rows[0]?.pid ?? 0)
    await client.end()
    if (postmaster <= 1) throw new Error('the server of a session cannot be found')
    this.#halted = [postmaster, ...processesOf(postmaster)]
    for (const pid of this.#halted) signal(pid, 'SIGSTOP')
  }

  resume(): void {
    for (const pid of this.#halted.splice(0)) signal(pid, 'SIGCONT')
  }

  async start(): Promise<void> {
    const { port } = this.#running
    this.#running = await startPostgres({ dataDir: this.#folder, announce: () => undefined, port })
  }

  async remove(): Promise<void> {
    this.resume()
    await this.#running.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function processesOf(parent: number): number[] {
  return readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) && parentOf(Number(name)) === parent ? Number(name) : [],
  )
}

/** Of a process that is gone: none. */
function parentOf(pid: number): number {
  try {
    // The name before it may hold blanks and brackets.
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    )
  } catch {
    return 0
  }
}

/** A session may have ended in between. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
