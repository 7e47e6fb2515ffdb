import { type ConnectionOf, RedisConnection, type TransportLog } from './connection.ts'
import { siteOf } from './site.ts'

export interface TenantConnections {
  readonly connectionOf: ConnectionOf
  /** How many are open. */
  readonly size: number
  close(): void
}

/**
 * Connections to whoever holds the keys of an organization, for what is not part of the transport between the planes:
 * it neither waits for what the planes send, nor holds it up.
 *
 * @param options.role as `CLIENT LIST` and the log name them.
 * @param options.mostConnections In a cluster each organization has one, and whoever asks may make organizations up: the
 * least recently used is closed.
 * @throws TypeError when the URL is none of a Redis.
 */
export function openTenantConnections(
  url: string,
  options: {
    readonly role: string
    readonly log: TransportLog
    readonly operationTimeoutMs?: number
    readonly mostConnections?: number
  },
): TenantConnections {
  const { role, log, operationTimeoutMs = 1_000, mostConnections = 256 } = options
  const site = siteOf(url)
  const connections = new Map<string, RedisConnection>()
  return {
    connectionOf(organizationId) {
      const name = site.isDivided ? organizationId : ''
      const route = site.routeTo(`gh:{${organizationId}}`)
      const open = connections.get(name) ?? new RedisConnection({ route, role, log, operationTimeoutMs })
      // The most recently used stands last.
      connections.delete(name)
      connections.set(name, open)
      const [oldest] = connections
      if (oldest && connections.size > mostConnections) {
        connections.delete(oldest[0])
        oldest[1].close()
      }
      return open
    },
    get size() {
      return connections.size
    },
    close() {
      for (const connection of connections.values()) connection.close()
    },
  }
}
