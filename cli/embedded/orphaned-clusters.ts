import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stopLeftover } from './postmaster.ts'

/**
 * Removes relocated clusters whose data dir is gone or points elsewhere: whoever deletes a data dir means the
 * database too, and cannot know that it lives outside.
 */
export async function removeOrphanedClusters(options: {
  clustersDir: string
  announce: (line: string) => void
}): Promise<void> {
  for (const home of await clusterHomes(options.clustersDir)) {
    const dataDir = (await readFile(join(home, 'data-dir'), 'utf8')).trim()
    const pointed = await readFile(join(dataDir, 'postgres-location'), 'utf8').catch(() => '')
    if (pointed.trim() === home) continue
    await stopLeftover(join(home, 'data'))
    await rm(home, { recursive: true, force: true })
    options.announce(`Removed the database of ${dataDir}, which is gone`)
  }
}

async function clusterHomes(clustersDir: string): Promise<string[]> {
  const names = existsSync(clustersDir) ? await readdir(clustersDir) : []
  return names.map((name) => join(clustersDir, name)).filter((home) => existsSync(join(home, 'data-dir')))
}
