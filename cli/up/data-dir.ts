import { createHash, randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartRefused } from '../start-refused.ts'

/** Makes the folder if need be. @throws StartRefused when we may not write there */
export function prepareDataDir(path: string): string {
  try {
    // As root the database runs as another user, who has to pass through; the files inside are closed themselves.
    if (!existsSync(path))
      mkdirSync(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
    if (!statSync(path).isDirectory())
      throw new StartRefused(`${path} is not a folder: set GATEHOUSE_DATA_DIR to one`)
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    if (error instanceof StartRefused) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartRefused(
      `The data dir ${path} cannot be written (${reason}): set GATEHOUSE_DATA_DIR to a folder that can`,
    )
  }
  return realpathSync(path)
}

export interface DataDirLock {
  release(): Promise<void>
}

/**
 * Holds the data dir for this process; undefined when another one holds it. The system gives it back when the
 * holder dies, however it dies.
 */
export function lockDataDir(dataDir: string): Promise<DataDirLock | undefined> {
  const name = `gatehouse-${createHash('sha256').update(dataDir).digest('hex').slice(0, 24)}`
  // Linux has sockets without a file; elsewhere its path must be short, so it cannot lie in the data dir.
  const path = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`)
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(path, () => {
      server.unref()
      resolve({ release: () => new Promise((done) => server.close(() => done())) })
    })
  })
}

/** The key that encrypts stored secrets, made on the first call. Without it the database's secrets are lost. */
export async function readMasterKey(dataDir: string): Promise<string> {
  const path = join(dataDir, 'master.key')
  if (!existsSync(path)) {
    if (existsSync(join(dataDir, 'postgres')) || existsSync(join(dataDir, 'postgres-location'))) {
      throw new StartRefused(
        `${path} is missing, and without it the secrets in the database cannot be read: restore it, or run "gatehouse reset" to start anew`,
      )
    }
    await writePrivateFile(path, `${randomBytes(32).toString('base64')}\n`)
  }
  return (await readFile(path, 'utf8')).trim()
}

/** Whole or not at all, and readable by nobody else from its first moment. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** Where the demo provider writes down every call that it answered and billed. */
export function simulatorLog(dataDir: string): string {
  return join(dataDir, 'simulator', 'calls.ndjson')
}
