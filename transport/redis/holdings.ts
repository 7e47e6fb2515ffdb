import { channels } from '../../contract/channels.ts'
import { type HoldingsReader, type HoldingsStore, holdingsMs } from '../holdings.ts'
import type { ConnectionOf, RedisConnection } from './connection.ts'

export function redisHoldingsStore(options: {
  connection: RedisConnection
  organizationId: string
  dataPlaneId: string
}): HoldingsStore {
  const { connection, organizationId, dataPlaneId } = options
  const key = channels.budgetHoldings(organizationId, dataPlaneId)
  return {
    async publish(document) {
      await connection.run((client) =>
        client.set(key, document, { expiration: { type: 'PX', value: holdingsMs } }),
      )
    },
  }
}

export function redisHoldingsReader(connectionOf: ConnectionOf): HoldingsReader {
  return {
    read: (organizationId, dataPlaneIds) =>
      Promise.all(
        dataPlaneIds.map((id) =>
          connectionOf(organizationId).run((client) =>
            client.get(channels.budgetHoldings(organizationId, id)),
          ),
        ),
      ),
  }
}
