import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writePrivateFile } from './data-dir.ts'

/** How another command reaches the database of a running `gatehouse up`. */
export interface Runtime {
  readonly pid: number
  readonly databaseUrl: string
}

function runtimePath(dataDir: string): string {
  return join(dataDir, 'runtime.json')
}

export function writeRuntime(dataDir: string, runtime: Runtime): Promise<void> {
  return writePrivateFile(runtimePath(dataDir), `${JSON.stringify(runtime)}\n`)
}

export function removeRuntime(dataDir: string): Promise<void> {
  return rm(runtimePath(dataDir), { force: true })
}

/** Only to be believed while somebody holds the lock of the data dir. */
export async function readRuntime(dataDir: string): Promise<Runtime | undefined> {
  const path = runtimePath(dataDir)
  return existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as Runtime) : undefined
}
