import { channels } from '../../contract/channels.ts'
import { type EventConsumer, type EventProducer, eventsLimit } from '../event-stream.ts'
import { TransportUnavailable } from '../transport.ts'
import type { ConnectionOf, RedisConnection } from './connection.ts'
import { runScript, script } from './script.ts'
import { bodyField, type StreamConsumer } from './stream-consumer.ts'

/** An event that nobody has ingested yet must not be trimmed, so a full stream refuses. */
const append = script(`
  if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then return false end
  return redis.call('XADD', KEYS[1], '*', '${bodyField}', ARGV[1])
`)

/** Appends to one organization's event stream. A batch whose append timed out may be there all the same. */
export function redisEventProducer(options: {
  connection: RedisConnection
  organizationId: string
  dataPlaneId: string
}): EventProducer {
  const { connection, organizationId, dataPlaneId } = options
  const stream = channels.events(organizationId)
  return {
    async append(batch) {
      const id = await connection.run((client) =>
        runScript(client, append, [stream], [batch, String(eventsLimit)]),
      )
      if (typeof id === 'string') return id
      throw new TransportUnavailable(
        `the event stream holds ${eventsLimit} batches that no control plane has ingested`,
      )
    },
    async holds(entryId) {
      const found = await connection.run((client) => client.xRange(stream, entryId, entryId, { COUNT: 1 }))
      return found !== null && found.length > 0
    },
    confirmation: () =>
      connection.run((client) => client.hGet(channels.eventConfirmations(organizationId), dataPlaneId)),
  }
}

export function redisEventConsumer(connectionOf: ConnectionOf, batches: StreamConsumer): EventConsumer {
  return {
    read: (organizationIds, waitMs) => batches.read(organizationIds, waitMs),
    async confirm(organizationId, dataPlaneId, confirmation) {
      const key = channels.eventConfirmations(organizationId)
      await connectionOf(organizationId).run((client) => client.hSet(key, dataPlaneId, confirmation))
    },
    acknowledge: (entries) => batches.acknowledge(entries),
    backlog: (organizationIds) => batches.backlog(organizationIds),
  }
}
