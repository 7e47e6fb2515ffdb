import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { findRedisServer } from '../../cli/embedded/redis.ts'

/** `redis-server` on PATH; on Debian as root it is installed when missing. */
export function requireRedisServer(): string {
  const found = findRedisServer()
  if (found !== undefined) return found
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    process.stdout.write('redis-server is missing: installing it with apt-get install -y redis-server\n')
    // A fresh image has no package lists, so the first attempt may need an update before it.
    if (!install()) {
      apt(['update'])
      install()
    }
  }
  const installed = findRedisServer()
  if (installed !== undefined) return installed
  throw new Error(
    'The tests need redis-server on PATH: install it with "apt-get install redis-server" (Debian, Ubuntu) or "brew install redis" (macOS)',
  )
}

function install(): boolean {
  return apt(['install', '-y', '--no-install-recommends', 'redis-server'])
}

function apt(args: readonly string[]): boolean {
  const { status } = spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return status === 0
}
