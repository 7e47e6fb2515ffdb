import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stopLeftover } from './postmaster.ts'

/*
 * A cluster that could not be kept in its data dir lies elsewhere. The data dir points at it, and it says whose it
 * is, so that either can be missed.
 */

export const stagingSuffix = '.initialising'

export function pointerFile(dataDir: string): string {
  return join(dataDir, 'postgres-location')
}

export function ownerFile(home: string): string {
  return join(home, 'data-dir')
}

export function locationOf(dataDir: string): Promise<string | undefined> {
  return readLine(pointerFile(dataDir))
}

export function ownerOf(home: string): Promise<string | undefined> {
  return readLine(ownerFile(home))
}

/**
 * Removes relocated clusters whose data dir is gone or points elsewhere: whoever deletes a data dir means the
 * database too, and cannot know that it lies outside.
 */
export async function removeOrphanedClusters(options: {
  clustersDir: string
  announce: (line: string) => void
}): Promise<void> {
  const names = existsSync(options.clustersDir) ? await readdir(options.clustersDir) : []
  for (const home of names.map((name) => join(options.clustersDir, name))) {
    const dataDir = await ownerOf(home)
    if (dataDir === undefined || (await locationOf(dataDir)) === home.replace(stagingSuffix, '')) continue
    await stopLeftover(join(home, 'data'))
    await rm(home, { recursive: true, force: true })
    options.announce(`Removed the database of ${dataDir}, which is gone`)
  }
}

async function readLine(path: string): Promise<string | undefined> {
  return existsSync(path) ? (await readFile(path, 'utf8')).trim() : undefined
}
