import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Debian puts the program, and the statements that fill its database. */
export const glewlwydFiles = {
  program: '/usr/bin/glewlwyd',
  schema: '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3',
  modules: '/usr/lib/glewlwyd',
} as const

/**
 * Makes sure that glewlwyd is there; as root on Debian it is installed when missing.
 *
 * @throws RangeError that says what to do where it is not and cannot be.
 */
export function requireGlewlwyd(progress: (text: string) => void): void {
  const isThere = () => Object.values(glewlwydFiles).every((path) => existsSync(path))
  if (isThere()) return
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    progress('glewlwyd is missing: installing it with apt-get install -y glewlwyd')
    // A fresh image has no package lists, so the first attempt may need an update before it.
    if (!install()) {
      apt(['update'])
      install()
    }
  }
  if (isThere()) return
  throw new RangeError(
    'npm run interop needs the OpenID provider glewlwyd from Debian: run it as root on Debian 12, which installs it, or install the package "glewlwyd" first',
  )
}

function install(): boolean {
  return apt(['install', '-y', '--no-install-recommends', 'glewlwyd'])
}

/** Nobody is asked anything, and no service is started: a server of our own is, with a database of its own. */
function apt(args: readonly string[]): boolean {
  const { status } = spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return status === 0
}
