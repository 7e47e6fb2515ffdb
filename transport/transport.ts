import type { ConfigChannel, ConfigPublisher } from './config-channel.ts'
import type { EventConsumer, EventProducer } from './event-stream.ts'
import type { HoldingsReader, HoldingsStore } from './holdings.ts'
import type { IntentReader, IntentStore } from './intents.ts'
import type { LeaseClient, LeaseServer } from './lease-channel.ts'
import type { LimitStore } from './limit-store.ts'
import type { RequestRates } from './request-rates.ts'
import type { SlotStore } from './slot-store.ts'
import type { StoreMemory } from './store-memory.ts'

/** What a data plane of one organization needs of the store between the planes. */
export interface DataPlaneTransport {
  readonly config: ConfigChannel
  readonly events: EventProducer
  readonly leases: LeaseClient
  readonly limits: LimitStore
  readonly slots: SlotStore
  readonly intents: IntentStore
  readonly holdings: HoldingsStore
}

export interface ControlPlaneTransport {
  readonly config: ConfigPublisher
  readonly events: EventConsumer
  readonly leases: LeaseServer
  readonly intents: IntentReader
  readonly holdings: HoldingsReader
  /** Absent where there is one process, which counts by itself. */
  readonly rates?: RequestRates
}

export interface ConnectionState {
  readonly role: string
  /** Whether its last word was an answer. While it is not, what is asked over it fails at once. */
  readonly answers: boolean
}

/** One connection to the store between the planes: Redis, or an object when both planes share a process. */
export interface Transport {
  readonly kind: 'redis' | 'in-process'
  /** Whether the store answers right now. */
  readonly connected: boolean
  /** How full the store is, as it said last; undefined where it does not say. */
  readonly memory?: StoreMemory | undefined
  /** Each connection by what it is for; none where there is one process. */
  readonly connections: readonly ConnectionState[]
  dataPlane(organizationId: string, dataPlaneId: string): DataPlaneTransport
  controlPlane(): ControlPlaneTransport
  close(): Promise<void>
}

/** The store did not answer in time, or there is no connection to it. */
export class TransportUnavailable extends Error {
  override readonly name = 'TransportUnavailable'
}
