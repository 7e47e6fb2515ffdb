import type { Version } from '../../contract/configuration/documents.ts'
import { callOutcomes } from '../../contract/events.ts'
import type { ProviderActivity } from '../../plugins/sdk/builtin.ts'
import { Onsets } from '../../telemetry/degradations.ts'
import type { Transport } from '../../transport/transport.ts'
import type { ApplyState } from '../config/apply-state.ts'
import type { Freshness } from '../config/freshness.ts'
import type { JournalNumbers } from '../host/journal-numbers.ts'
import type { StageReport } from '../pipeline/stage-metrics.ts'
import type { CallCounter } from './call-counter.ts'
import {
  type DegradationFacts,
  type DegradationName,
  degradationsOf,
  type LeaseNumbers,
} from './degradations.ts'
import type {
  AdmissionNumbers,
  CounterNumbers,
  NodeNumbers,
  PluginNumbers,
  StatusSources,
} from './sources.ts'

/** The parts of a data plane that have something to tell. */
export interface Informants {
  readonly dataPlaneId: string
  readonly version: string
  readonly now: () => number
  readonly follower: {
    readonly state: ApplyState
    readonly newestHead: (Version & { readonly issuedAt: number }) | undefined
    readonly configuration: object | undefined
    /** Why there is none although one was applied. */
    readonly revocation: string | null
    readonly freshness: Pick<Freshness, 'ageMs' | 'clockSkewMs'>
    readonly stalenessLimitMs: number | null
  }
  readonly transport: Pick<Transport, 'connected' | 'connections' | 'memory'>
  readonly pipelines: { report(): readonly StageReport[]; activity(): readonly ProviderActivity[] }
  readonly governance: {
    readonly eventBacklog: number
    readonly journalNumbers: JournalNumbers
    readonly leases: LeaseNumbers
    readonly hasLocalLimits: boolean
  }
  readonly calls: CallCounter
  readonly drain: { readonly begun: boolean }
  readonly gate: AdmissionNumbers
}

/** Asks the parts of a data plane for what the status server shows. */
export function gatherSources(informants: Informants): StatusSources {
  const { follower, pipelines, governance, transport, now } = informants
  const startedAt = now()
  const onsets = new Onsets<DegradationName>(now)
  let refusals = 0
  follower.state.onChange(({ status }) => {
    if (status === 'refused') refusals += 1
  })
  const node = () => nodeNumbers(informants, { startedAt, refusals })
  return {
    node,
    plugins: () => pipelines.report().map(pluginNumbers),
    providers: () => pipelines.activity(),
    counters: () => counterNumbers(informants),
    now,
    connections: () => transport.connections,
    journal: () => governance.journalNumbers,
    leases: () => governance.leases,
    degradations: () => onsets.note(degradationsOf(factsOf(informants, node()))),
    admission: () => informants.gate,
  }
}

function factsOf({ follower, governance, drain, now }: Informants, node: NodeNumbers): DegradationFacts {
  const { configuration, revocation } = follower
  const missing = revocation ?? node.lastError ?? 'no configuration was received yet'
  return {
    node,
    whyUnavailable: configuration === undefined ? missing : null,
    journal: governance.journalNumbers,
    leases: governance.leases,
    hasLocalLimits: governance.hasLocalLimits,
    isDraining: drain.begun,
    now: now(),
  }
}

function nodeNumbers(
  { dataPlaneId, version, now, follower, transport }: Informants,
  { startedAt, refusals }: { readonly startedAt: number; readonly refusals: number },
): NodeNumbers {
  const { status, lastError, applied, unread } = follower.state.current
  const { newestHead } = follower
  return {
    id: dataPlaneId,
    version,
    startedAt,
    epoch: applied?.epoch ?? null,
    revision: applied?.revision ?? null,
    configHash: applied?.hash ?? null,
    applyStatus: status,
    lastError,
    ...unread,
    transportConnected: transport.connected,
    storeMemory: transport.memory,
    configurationAgeMs: follower.freshness.ageMs,
    stalenessLimitMs: follower.stalenessLimitMs,
    clockSkewMs: follower.freshness.clockSkewMs,
    headAgeMs: newestHead ? Math.max(0, now() - newestHead.issuedAt) : null,
    revisionsBehind: newestHead ? revisionsBetween(applied, newestHead) : null,
    refusals,
  }
}

/** Of another epoch every revision is still to come. */
function revisionsBetween(applied: Version | null, head: Version): number {
  return Math.max(0, head.revision - (applied?.epoch === head.epoch ? applied.revision : 0))
}

/** The report lists the plugins that run first, in their order. */
function pluginNumbers(report: StageReport, index: number): PluginNumbers {
  return { ...report, order: report.enabled ? index + 1 : 0 }
}

function counterNumbers({ calls, pipelines, governance }: Informants): CounterNumbers {
  const upstreamErrors = pipelines.activity().reduce((sum, { errors }) => sum + errors, 0)
  const byOutcome = callOutcomes.map((outcome) => [outcome, calls.ended(outcome)] as const)
  return {
    requests: calls.total,
    denials: calls.ended('denied'),
    upstreamErrors,
    calls: Object.fromEntries(byOutcome) as CounterNumbers['calls'],
    eventBacklog: governance.eventBacklog,
  }
}
