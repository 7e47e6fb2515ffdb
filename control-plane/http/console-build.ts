import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

export interface ConsoleFile {
  readonly type: string
  readonly content: Buffer
  readonly gzipped: Buffer
}

export interface ConsoleBuild {
  /** The page; undefined while there is none. */
  index(): Promise<string | undefined>
  /** Its files by name; undefined while there are none. */
  files(): Promise<ReadonlyMap<string, ConsoleFile> | undefined>
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

interface Read {
  readonly index: string
  readonly files: ReadonlyMap<string, ConsoleFile>
}

/** What Vite has built in a folder. It is read when it is first asked for, and once it is there, kept in memory. */
export function readConsoleBuild(directory: string): ConsoleBuild {
  let reading: Promise<Read | undefined> | undefined
  const read = async () => {
    reading ??= readFiles(directory)
    const found = await reading
    if (!found) reading = undefined
    return found
  }
  return {
    index: async () => (await read())?.index,
    files: async () => (await read())?.files,
  }
}

async function readFiles(directory: string): Promise<Read | undefined> {
  try {
    const index = await readFile(join(directory, 'index.html'), 'utf8')
    const names = await readdir(join(directory, 'assets'))
    const served = names.filter((name) => types[extname(name)] !== undefined)
    const files = await Promise.all(served.map((name) => readOne(directory, name)))
    return { index, files: new Map(files) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function readOne(directory: string, name: string): Promise<readonly [string, ConsoleFile]> {
  const content = await readFile(join(directory, 'assets', name))
  const gzipped = await promisify(gzip)(content)
  return [name, { type: types[extname(name)] ?? 'application/octet-stream', content, gzipped }]
}
