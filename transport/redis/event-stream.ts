import { channels } from '../../contract/channels.ts'
import { type EventProducer, eventsLimit } from '../event-stream.ts'
import { TransportUnavailable } from '../transport.ts'
import type { RedisConnection } from './connection.ts'
import { runScript, script } from './script.ts'
import { bodyField } from './stream-consumer.ts'

/** An event that nobody has ingested yet must not be trimmed, so a full stream refuses. */
const append = script(`
  if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then return false end
  return redis.call('XADD', KEYS[1], '*', '${bodyField}', ARGV[1])
`)

/** Appends to one organization's event stream. A batch whose append timed out may be there all the same. */
export function redisEventProducer(connection: RedisConnection, organizationId: string): EventProducer {
  return {
    async append(batch) {
      const id = await connection.run((client) =>
        runScript(client, append, [channels.events(organizationId)], [batch, String(eventsLimit)]),
      )
      if (id === null) {
        throw new TransportUnavailable(
          `the event stream holds ${eventsLimit} batches that no control plane has ingested`,
        )
      }
    },
  }
}
