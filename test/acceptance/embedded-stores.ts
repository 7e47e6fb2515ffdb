import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Gateway } from './gateway.ts'

export function redisUrl(gateway: Gateway): string {
  const port = /^Redis .* port (\d+)$/m.exec(gateway.process.output)?.[1]
  return `redis://127.0.0.1:${port}`
}

export function databaseUrl(gateway: Gateway): string {
  const port = /^PostgreSQL embedded, port (\d+)$/m.exec(gateway.process.output)?.[1]
  const password = readFileSync(join(gateway.dataDir, 'postgres/superuser-password'), 'utf8')
  return `postgres://postgres:${password}@127.0.0.1:${port}/gatehouse`
}
