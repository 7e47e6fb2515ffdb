import { channels } from '../../contract/channels.ts'
import { type ConfigChannel, keptDeltas } from '../config-channel.ts'
import type { RedisConnection } from './connection.ts'
import { readSnapshot } from './snapshot.ts'
import type { Subscriptions } from './subscriptions.ts'

/** A thousand deltas may be many megabytes. */
export const bulkTimeoutFactor = 10

/** Reads one organization's configuration out of Redis. */
export function redisConfigChannel(options: {
  connection: RedisConnection
  subscriptions: Subscriptions
  organizationId: string
  operationTimeoutMs: number
}): ConfigChannel {
  const { connection, subscriptions, organizationId } = options
  const bulk = { timeoutMs: options.operationTimeoutMs * bulkTimeoutFactor }
  return {
    readHead: () => connection.run((client) => client.get(channels.configHead(organizationId))),
    readSnapshot: () => readSnapshot(connection, organizationId),
    async readDeltas(afterRevision) {
      const entries = await connection.run(
        (client) =>
          client.xRange(channels.configDeltas(organizationId), `${afterRevision + 1}-0`, '+', {
            COUNT: keptDeltas,
          }),
        bulk,
      )
      return (entries ?? []).map(({ message }) => message.document ?? '')
    },
    readCredentials: (dataPlaneId) =>
      connection.run((client) => client.get(channels.configCredentials(organizationId, dataPlaneId))),
    subscribe: (onHint) =>
      subscriptions.add(channels.configHints(organizationId), { onMessage: onHint, onSubscribed: onHint }),
  }
}
