import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Installs a package where that is possible without asking anybody: on Debian as root. */
export function installOnDebian(name: string): void {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return
  process.stdout.write(`${name} is missing: installing it with apt-get install -y ${name}\n`)
  // A fresh image has no package lists, so the first attempt may need an update before it.
  if (!install(name)) {
    apt(['update'])
    install(name)
  }
}

function install(name: string): boolean {
  return apt(['install', '-y', '--no-install-recommends', name])
}

function apt(args: readonly string[]): boolean {
  const { status } = spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return status === 0
}
