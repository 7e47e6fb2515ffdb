import { channels } from '../../contract/channels.ts'
import { type LeaseClient, type LeaseServer, leaseRequestsLimit } from '../lease-channel.ts'
import type { ConnectionOf, RedisConnection } from './connection.ts'
import { bodyField, type StreamConsumer } from './stream-consumer.ts'
import type { Subscriptions } from './subscriptions.ts'

export function redisLeaseClient(options: {
  connection: RedisConnection
  subscriptions: Subscriptions
  organizationId: string
  dataPlaneId: string
}): LeaseClient {
  const { connection, subscriptions, organizationId, dataPlaneId } = options
  return {
    async send(request) {
      await connection.run((client) =>
        client.xAdd(
          channels.leaseRequests(organizationId),
          '*',
          { [bodyField]: request },
          { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: leaseRequestsLimit } },
        ),
      )
    },
    subscribe: (onReply) =>
      subscriptions.add(channels.leaseReplies(organizationId, dataPlaneId), { onMessage: onReply }),
  }
}

export function redisLeaseServer(connectionOf: ConnectionOf, requests: StreamConsumer): LeaseServer {
  return {
    read: (organizationIds, waitMs) => requests.read(organizationIds, waitMs),
    async reply(entry, dataPlaneId, reply) {
      await connectionOf(entry.organizationId).run((client) =>
        client.publish(channels.leaseReplies(entry.organizationId, dataPlaneId), reply),
      )
      await requests.acknowledge([entry])
    },
    discard: (entry) => requests.acknowledge([entry]),
  }
}
