import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CONFIGURATION_FORMAT, type Delta, type Head } from '../../contract/configuration/documents.ts'
import { entitySeparator, snapshotEnd, snapshotStart } from '../../contract/configuration/snapshot-text.ts'
import { privateDirectoryMode, syncDirectory, withFile, writeDurably } from './durable-file.ts'
import type { DocumentSource } from './reach.ts'
import type { Replica } from './replica.ts'

const keptGenerations = 3
/** A generation takes deltas until they weigh this much; then a new snapshot is cheaper to read back. */
const mostDeltaBytes = 4 * 1024 * 1024
const entitiesPerWrite = 1_000

/** One saved configuration: a snapshot, the deltas since, and the signed head that vouches for both. */
export interface Generation extends DocumentSource {
  readonly name: string
  readHead(): Promise<string>
}

export interface Save {
  readonly head: Head
  /** The signed head as it came. */
  readonly envelope: string
  readonly replica: Replica
  /** What led here from the version saved last; undefined when it was no chain of deltas. */
  readonly deltas: readonly Delta[] | undefined
}

/**
 * The last good configurations on disk, in `<state dir>/configuration`:
 *
 *     <epoch>-<revision>/{snapshot.json, deltas.ndjson, head.json}   three generations
 *     seen.json                                                      verified heads, a line each, the newest last
 *     credentials.jwe, credentials.previous.jwe                      as sealed as they came
 *
 * A generation appears whole, by a rename. Later revisions append their delta to it and replace its head, which is
 * the commit: what stands behind the head's revision is ignored. Nothing that is read back is trusted.
 */
export class ConfigurationDisk {
  readonly #directory: string
  #open: { readonly name: string; deltaBytes: number } | undefined

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'configuration')
  }

  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: privateDirectoryMode })
    for (const name of await readdir(this.#directory)) {
      if (name.startsWith(unfinished)) await rm(join(this.#directory, name), { recursive: true, force: true })
    }
  }

  /** The saved generations, newest first. */
  async generations(): Promise<readonly Generation[]> {
    return (await this.#names()).map((name) => generationAt(name, join(this.#directory, name)))
  }

  async save({ head, envelope, replica, deltas }: Save): Promise<void> {
    const open = this.#open
    if (open && deltas && open.deltaBytes < mostDeltaBytes) {
      // Not continued after a failure: a torn line would take the next delta with it.
      this.#open = undefined
      const text = deltas.map((delta) => `${JSON.stringify(delta)}\n`).join('')
      const directory = join(this.#directory, open.name)
      await appendDurably(join(directory, 'deltas.ndjson'), text)
      await writeDurably(join(directory, 'head.json'), envelope)
      this.#open = { name: open.name, deltaBytes: open.deltaBytes + Buffer.byteLength(text) }
    } else {
      this.#open = undefined
      this.#open = { name: await this.#saveWhole(head, envelope, replica), deltaBytes: 0 }
      await this.#removeOldest()
    }
  }

  async saveSeenHeads(envelopes: readonly string[]): Promise<void> {
    await writeDurably(join(this.#directory, 'seen.json'), envelopes.join('\n'))
  }

  /** Whether or not they could be applied; the oldest first. */
  async readSeenHeads(): Promise<readonly string[]> {
    return (await readIfThere(join(this.#directory, 'seen.json')))?.split('\n') ?? []
  }

  async saveCredentials(sealed: string): Promise<void> {
    const path = join(this.#directory, 'credentials.jwe')
    const current = await readIfThere(path)
    if (current === sealed) return
    if (current !== null) await writeDurably(join(this.#directory, 'credentials.previous.jwe'), current)
    await writeDurably(path, sealed)
  }

  /** Sealed credentials, newest first. */
  async readCredentials(): Promise<readonly string[]> {
    const names = ['credentials.jwe', 'credentials.previous.jwe']
    const found = await Promise.all(names.map((name) => readIfThere(join(this.#directory, name))))
    return found.filter((sealed) => sealed !== null)
  }

  async #saveWhole(head: Head, envelope: string, replica: Replica): Promise<string> {
    const name = `${pad(head.epoch, 10)}-${pad(head.revision, 16)}`
    const temporary = join(this.#directory, `${unfinished}${name}`)
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary, { mode: privateDirectoryMode })
    await writeSnapshot(join(temporary, 'snapshot.json'), head, replica)
    await writeDurably(join(temporary, 'head.json'), envelope)
    // One of this name is there only when it could not be read back.
    await rm(join(this.#directory, name), { recursive: true, force: true })
    await rename(temporary, join(this.#directory, name))
    await syncDirectory(this.#directory)
    return name
  }

  async #removeOldest(): Promise<void> {
    for (const name of (await this.#names()).slice(keptGenerations)) {
      await rm(join(this.#directory, name), { recursive: true, force: true })
    }
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#directory)
    return (
      names
        .filter((name) => /^\d+-\d{16}$/.test(name))
        // By number: earlier releases wrote fewer digits of the epoch.
        .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    )
  }
}

const unfinished = 'unfinished-'

function generationAt(name: string, directory: string): Generation {
  return {
    name,
    readHead: () => readFile(join(directory, 'head.json'), 'utf8'),
    readSnapshot: () => readFile(join(directory, 'snapshot.json'), 'utf8'),
    async readDeltas() {
      const lines = (await readIfThere(join(directory, 'deltas.ndjson')))?.split('\n') ?? []
      // The last one is empty, or torn by a crash before the head that would count it.
      return lines.slice(0, -1)
    },
  }
}

/** In parts, so that a large configuration holds up neither calls nor memory. */
async function writeSnapshot(path: string, head: Head, { index }: Replica): Promise<void> {
  const { organizationId, epoch, revision, hash } = head
  await withFile(path, 'w', async (file) => {
    await file.write(snapshotStart({ format: CONFIGURATION_FORMAT, organizationId, epoch, revision, hash }))
    let part: string[] = []
    let separator = ''
    for (const entity of index.documents()) {
      part.push(separator + JSON.stringify(entity))
      separator = entitySeparator
      if (part.length < entitiesPerWrite) continue
      await file.write(part.join(''))
      part = []
      await nextTurn()
    }
    await file.write(part.join('') + snapshotEnd)
    await file.sync()
  })
}

async function appendDurably(path: string, text: string): Promise<void> {
  await withFile(path, 'a', async (file) => {
    await file.writeFile(text)
    await file.sync()
  })
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0')
}
