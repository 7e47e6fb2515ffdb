import type { CallOutcome } from '../../contract/events.ts'
import type { Priority } from '../../plugins/sdk/builtin.ts'
import type { ActiveDegradation } from '../../telemetry/degradations.ts'
import type { StoreMemory } from '../../transport/store-memory.ts'
import type { JournalNumbers } from '../host/journal-numbers.ts'
import type { DegradationName, LeaseNumbers } from './degradations.ts'

/*
 * What the status server reads. The data plane's parts implement these; the server never reaches further.
 * All counts are since the start of the process.
 */

export interface NodeNumbers {
  /** The data plane's id. */
  readonly id: string
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Null until a configuration is applied. */
  readonly epoch: number | null
  readonly revision: number | null
  readonly configHash: string | null
  readonly applyStatus: 'applied' | 'refused' | 'awaiting'
  readonly lastError: string | null
  /** What is skipped of the configuration because this release does not know it. */
  readonly ignored: readonly string[]
  /** What is not served of it because this release cannot read it whole, with the reasons. */
  readonly heldBack: readonly string[]
  readonly transportConnected: boolean
  /** How full the store between the planes is; undefined where it does not say. */
  readonly storeMemory: StoreMemory | undefined
  /** Age of the newest signed head; null before the first one. Grows while the control plane is silent. */
  readonly headAgeMs: number | null
  /** How long ago the control plane last said that what runs is the newest. */
  readonly configurationAgeMs: number | null
  /** At which age of the configuration every call is refused; null: at none. */
  readonly stalenessLimitMs: number | null
  /** How far this clock is ahead of the control plane's; null while that cannot be told. */
  readonly clockSkewMs: number | null
  /** How many revisions the newest authentic head is ahead of what is applied; null until a head was seen. */
  readonly revisionsBehind: number | null
  /** How often an offered configuration was refused, counted once for each reason. */
  readonly refusals: number
}

export interface ConnectionNumbers {
  readonly role: string
  readonly answers: boolean
}

export interface PluginNumbers {
  readonly name: string
  readonly version: string
  readonly enabled: boolean
  readonly builtin: boolean
  /** Position in the pipeline, from 1; 0 when it does not run. */
  readonly order: number
  readonly calls: number
  readonly denials: number
  readonly errors: number
  /** Time that the plugin takes of a call; null before the first. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

export interface ProviderNumbers {
  readonly name: string
  readonly requests: number
  readonly errors: number
  readonly inFlight: number
  /** The latest failure, in words that are safe to show. */
  readonly lastError: string | null
}

export interface CounterNumbers {
  readonly requests: number
  readonly denials: number
  readonly upstreamErrors: number
  /** By how they ended. */
  readonly calls: Readonly<Record<CallOutcome, number>>
  /** Events that are recorded here and not yet with the control plane. */
  readonly eventBacklog: number
}

export interface AdmissionNumbers {
  readonly inProgress: number
  /** How many calls may be under way now. */
  readonly limit: number
  /** Calls that were refused because more came than can be served, by the priority of their keys. */
  readonly refused: Readonly<Record<Priority, number>>
}

export interface StatusSources {
  node(): NodeNumbers
  plugins(): readonly PluginNumbers[]
  providers(): readonly ProviderNumbers[]
  counters(): CounterNumbers
  /** Milliseconds since the epoch. */
  now(): number
  /** To the store between the planes. */
  connections(): readonly ConnectionNumbers[]
  journal(): JournalNumbers
  leases(): LeaseNumbers
  /** All that is degraded now, and since when: to be asked often, for it notices only then. */
  degradations(): readonly ActiveDegradation<DegradationName>[]
  admission(): AdmissionNumbers
}
