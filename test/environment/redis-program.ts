import { findRedisServer } from '../../cli/embedded/redis.ts'
import { installOnDebian } from './debian-package.ts'

/** `redis-server` on PATH; on Debian as root it is installed when missing. */
export function requireRedisServer(): string {
  const found = findRedisServer()
  if (found !== undefined) return found
  installOnDebian('redis-server')
  const installed = findRedisServer()
  if (installed !== undefined) return installed
  throw new Error(
    'The tests need redis-server on PATH: install it with "apt-get install redis-server" (Debian, Ubuntu) or "brew install redis" (macOS)',
  )
}
