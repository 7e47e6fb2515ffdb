import { channels } from '../../contract/channels.ts'
import { eventsLimit } from '../event-stream.ts'
import { leaseRequestsLimit } from '../lease-channel.ts'
import type { Transport } from '../transport.ts'
import { Bus } from './bus.ts'
import { MemoryConfigStore } from './config-store.ts'
import { MemoryHoldings } from './holdings.ts'
import { MemoryIntents } from './intents.ts'
import { MemoryLimits } from './limit-store.ts'
import { MemorySlots } from './slots.ts'
import { MemoryStream } from './stream.ts'

export interface MemoryTransportOptions {
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number
  /** When an event that a consumer took and did not acknowledge is given to another. */
  readonly reclaimAfterMs?: number
}

/** The transport for planes that share one process: what Redis keeps is kept in memory, and lost with it. */
export function createMemoryTransport({
  now = () => performance.now(),
  reclaimAfterMs = 10_000,
}: MemoryTransportOptions = {}): Transport {
  const bus = new Bus()
  const configurations = new MemoryConfigStore(bus)
  const limits = new MemoryLimits(bus, now)
  const slots = new MemorySlots(bus, now)
  const intents = new MemoryIntents(bus)
  const holdings = new MemoryHoldings(bus, now)
  const stream = { bus, now, reclaimAfterMs }
  const events = new MemoryStream({ ...stream, limit: eventsLimit, whenFull: 'refuse' })
  const confirmations = new Map<string, string>()
  const leases = new MemoryStream({ ...stream, limit: leaseRequestsLimit, whenFull: 'drop-oldest' })
  return {
    kind: 'in-process',
    get connected() {
      return bus.open
    },
    connections: [],
    dataPlane: (organizationId, dataPlaneId) => ({
      config: configurations.channel(organizationId),
      events: {
        append: (batch) => events.append(organizationId, batch.toString()),
        holds: (entryId) => events.holds(organizationId, entryId),
        confirmation: () => bus.run(() => confirmations.get(`${organizationId} ${dataPlaneId}`) ?? null),
      },
      leases: {
        async send(request) {
          await leases.append(organizationId, request)
        },
        subscribe: async (onReply) =>
          bus.subscribe(channels.leaseReplies(organizationId, dataPlaneId), onReply),
      },
      limits: limits.store(organizationId),
      slots: slots.store(organizationId),
      intents: intents.store(organizationId, dataPlaneId),
      holdings: holdings.store(organizationId, dataPlaneId),
    }),
    controlPlane: () => ({
      config: configurations.publisher(),
      events: {
        read: (organizationIds, waitMs) => events.read(organizationIds, waitMs),
        confirm: (organizationId, dataPlaneId, confirmation) =>
          bus.run(() => {
            confirmations.set(`${organizationId} ${dataPlaneId}`, confirmation)
          }),
        acknowledge: (entries) => events.acknowledge(entries),
        backlog: (organizationIds) => events.backlog(organizationIds),
      },
      leases: {
        read: (organizationIds, waitMs) => leases.read(organizationIds, waitMs),
        async reply(entry, dataPlaneId, reply) {
          await bus.run(() => bus.publish(channels.leaseReplies(entry.organizationId, dataPlaneId), reply))
          await leases.acknowledge([entry])
        },
        discard: (entry) => leases.acknowledge([entry]),
      },
      intents: intents.reader(),
      holdings: holdings.reader(),
    }),
    async close() {
      bus.close()
      events.wake()
      leases.wake()
    },
  }
}
