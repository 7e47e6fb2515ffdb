import { randomUUID } from 'node:crypto'
import { channels } from '../../contract/channels.ts'
import type { ControlPlaneTransport, DataPlaneTransport, Transport } from '../transport.ts'
import { redisConfigChannel } from './config-channel.ts'
import { redisConfigPublisher } from './config-publisher.ts'
import { RedisConnection, type TransportLog } from './connection.ts'
import { redisEventConsumer, redisEventProducer } from './event-stream.ts'
import { redisIntentReader, redisIntentStore } from './intents.ts'
import { redisLeaseClient, redisLeaseServer } from './lease-channel.ts'
import { redisLimitStore } from './limit-store.ts'
import { MemoryWatch } from './memory-watch.ts'
import { redisRequestRates } from './request-rates.ts'
import { RedisStreamConsumer } from './stream-consumer.ts'
import { Subscriptions } from './subscriptions.ts'

export interface RedisTransportOptions {
  readonly log: TransportLog
  /** No operation takes longer, but for snapshots and deltas, which have ten times as long. */
  readonly operationTimeoutMs?: number
  /** Whether to wait for the connection, up to the time limit; otherwise whoever first asks something does. */
  readonly waitForConnection?: boolean
  /** When an event that a consumer took and did not acknowledge is given to another. */
  readonly reclaimAfterMs?: number
}

/**
 * The transport over one Redis (`redis://` or `rediss://`), which goes on trying to connect for as long as it is open.
 *
 * @throws TypeError when the URL is none of a Redis. Its text is left out, for it may hold a password.
 */
export async function connectRedis(
  url: string,
  {
    log,
    operationTimeoutMs = 1_000,
    waitForConnection = true,
    reclaimAfterMs = 10_000,
  }: RedisTransportOptions,
): Promise<Transport> {
  if (!/^rediss?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new TypeError('the Redis URL must start with redis:// or rediss://, such as redis://127.0.0.1:6379')
  }
  const connections = new Map<string, RedisConnection>()
  /** Opened at its first use: a data plane never blocks, a control plane never subscribes. */
  const connectionFor = (role: string): RedisConnection => {
    const open = connections.get(role) ?? new RedisConnection({ url, role, log, operationTimeoutMs })
    connections.set(role, open)
    return open
  }
  const connection = connectionFor('commands')
  const memoryWatch = new MemoryWatch(connection, log)
  let subscribed: Subscriptions | undefined
  const subscriptions = () => {
    subscribed ??= new Subscriptions(connectionFor('subscriptions'))
    return subscribed
  }
  if (waitForConnection) await connection.firstConnection
  const common = { connection, operationTimeoutMs, reclaimAfterMs }
  return {
    kind: 'redis',
    get connected() {
      return connection.answers
    },
    get memory() {
      return memoryWatch.memory
    },
    dataPlane: (organizationId, dataPlaneId) =>
      dataPlaneEnd({ ...common, subscriptions: subscriptions(), organizationId, dataPlaneId }),
    controlPlane: () => controlPlaneEnd({ ...common, connectionFor }),
    async close() {
      memoryWatch.close()
      for (const open of connections.values()) open.close()
    },
  }
}

function dataPlaneEnd(options: {
  connection: RedisConnection
  subscriptions: Subscriptions
  organizationId: string
  dataPlaneId: string
  operationTimeoutMs: number
}): DataPlaneTransport {
  const { connection, organizationId } = options
  return {
    config: redisConfigChannel(options),
    events: redisEventProducer(options),
    leases: redisLeaseClient(options),
    limits: redisLimitStore(connection, organizationId),
    intents: redisIntentStore(options),
  }
}

function controlPlaneEnd(options: {
  connection: RedisConnection
  connectionFor: (role: string) => RedisConnection
  operationTimeoutMs: number
  reclaimAfterMs: number
}): ControlPlaneTransport {
  const { connection, connectionFor, ...limits } = options
  const consumer = randomUUID()
  const consumerOf = (role: string, streamOf: (organizationId: string) => string) =>
    new RedisStreamConsumer({
      ...limits,
      connection,
      blockingConnection: connectionFor(`${role}-${consumer}`),
      streamOf,
      consumer,
    })
  return {
    config: redisConfigPublisher(connection, options.operationTimeoutMs),
    events: redisEventConsumer(connection, consumerOf('events', channels.events)),
    leases: redisLeaseServer(connection, consumerOf('leases', channels.leaseRequests)),
    intents: redisIntentReader(connection),
    rates: redisRequestRates(connection),
  }
}
