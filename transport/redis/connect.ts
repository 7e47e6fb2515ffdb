import { randomUUID } from 'node:crypto'
import { channels } from '../../contract/channels.ts'
import type { ControlPlaneTransport, DataPlaneTransport, Transport } from '../transport.ts'
import { redisConfigChannel } from './config-channel.ts'
import { redisConfigPublisher } from './config-publisher.ts'
import { type ConnectionOf, RedisConnection, type TransportLog } from './connection.ts'
import { DividedConsumer } from './divided-consumer.ts'
import { redisEventConsumer, redisEventProducer } from './event-stream.ts'
import { redisHoldingsReader, redisHoldingsStore } from './holdings.ts'
import { redisIntentReader, redisIntentStore } from './intents.ts'
import { redisLeaseClient, redisLeaseServer } from './lease-channel.ts'
import { redisLimitStore } from './limit-store.ts'
import { MemoryWatch } from './memory-watch.ts'
import { redisRequestRates } from './request-rates.ts'
import { siteOf } from './site.ts'
import { redisSlotStore } from './slot-store.ts'
import { RedisStreamConsumer, type StreamConsumer } from './stream-consumer.ts'
import { Subscriptions } from './subscriptions.ts'

export interface RedisTransportOptions {
  readonly log: TransportLog
  /** No operation takes longer, but for snapshots and deltas, which have ten times as long. */
  readonly operationTimeoutMs?: number
  /** Whether to wait for the connection, up to the time limit; otherwise whoever first asks something does. */
  readonly waitForConnection?: boolean
  /** When an event that a consumer took and did not acknowledge is given to another. */
  readonly reclaimAfterMs?: number
  /** A sender waits no longer to be counted. */
  readonly requestRateTimeoutMs?: number
}

/**
 * The transport over one Redis (`redis://` or `rediss://`), over the master that Redis Sentinel names
 * (`redis+sentinel://`), or over a cluster (`redis+cluster://`). It goes on trying to connect for as long as it is open.
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
    requestRateTimeoutMs = 250,
  }: RedisTransportOptions,
): Promise<Transport> {
  const site = siteOf(url)
  const connections = new Map<string, RedisConnection>()
  /** Opened at its first use: a data plane never blocks, a control plane never subscribes. */
  const connectionFor: ConnectionFor = (role, key, user = '') => {
    const name = `${role} ${site.isDivided ? hashTagOf(key) : ''} ${user}`
    const route = site.routeTo(key)
    const open = connections.get(name) ?? new RedisConnection({ route, role, log, operationTimeoutMs })
    connections.set(name, open)
    return open
  }
  const connection = connectionFor('commands', sharedKey)
  const memoryWatch = new MemoryWatch(connection, log)
  let subscribed: Subscriptions | undefined
  const subscriptions = () => {
    subscribed ??= new Subscriptions(connectionFor('subscriptions', sharedKey))
    return subscribed
  }
  if (waitForConnection) await connection.firstConnection
  const commands = () => [...connections.values()].filter(({ role }) => role === 'commands')
  return {
    kind: 'redis',
    get connected() {
      return commands().every(({ answers }) => answers)
    },
    get connections() {
      return Array.from(connections.values(), ({ role, answers }) => ({ role, answers }))
    },
    get memory() {
      return memoryWatch.memory
    },
    dataPlane: (organizationId, dataPlaneId) =>
      dataPlaneEnd({
        connection: connectionFor('commands', channels.events(organizationId)),
        ...{ subscriptions: subscriptions(), organizationId, dataPlaneId, operationTimeoutMs },
      }),
    controlPlane: () =>
      controlPlaneEnd({
        ...{ connectionFor, isDivided: site.isDivided, operationTimeoutMs, reclaimAfterMs },
        requestRateTimeoutMs,
      }),
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
    slots: redisSlotStore(connection, organizationId),
    intents: redisIntentStore(options),
    holdings: redisHoldingsStore(options),
  }
}

function controlPlaneEnd(options: {
  connectionFor: ConnectionFor
  isDivided: boolean
  operationTimeoutMs: number
  reclaimAfterMs: number
  requestRateTimeoutMs: number
}): ControlPlaneTransport {
  const { connectionFor, isDivided, requestRateTimeoutMs, ...limits } = options
  const consumer = randomUUID()
  const connectionOf: ConnectionOf = (organizationId) =>
    connectionFor('commands', channels.events(organizationId))
  const consumerOf = (role: string, streamOf: (organizationId: string) => string): StreamConsumer => {
    const on = (key: string) =>
      new RedisStreamConsumer({
        ...limits,
        connection: connectionFor('commands', key),
        blockingConnection: connectionFor(role, key, consumer),
        streamOf,
        consumer,
      })
    return isDivided ? new DividedConsumer((organizationId) => on(streamOf(organizationId))) : on(sharedKey)
  }
  return {
    config: redisConfigPublisher(connectionOf, options.operationTimeoutMs),
    events: redisEventConsumer(connectionOf, consumerOf('events', channels.events)),
    leases: redisLeaseServer(connectionOf, consumerOf('leases', channels.leaseRequests)),
    intents: redisIntentReader(connectionOf),
    holdings: redisHoldingsReader(connectionOf),
    rates: redisRequestRates(connectionFor('commands', sharedKey), requestRateTimeoutMs),
  }
}

/** Of what belongs to no organization. */
const sharedKey = channels.requestRate('')

/** Opened at its first use. In a cluster there is one for each hash tag. */
type ConnectionFor = (role: string, key: string, user?: string) => RedisConnection

function hashTagOf(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key
}
