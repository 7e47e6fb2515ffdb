import { callOutcomes } from '../../contract/events.ts'
import type { ProviderActivity } from '../../plugins/sdk/builtin.ts'
import type { StoreMemory } from '../../transport/store-memory.ts'
import type { ApplyState } from '../config/apply-state.ts'
import type { Freshness } from '../config/freshness.ts'
import type { StageReport } from '../pipeline/stage-metrics.ts'
import type { CallCounter } from './call-counter.ts'
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
    readonly headIssuedAt: number | null
    readonly configuration: object | undefined
    readonly freshness: Freshness
    readonly stalenessLimitMs: number | null
  }
  readonly transport: { readonly connected: boolean; readonly memory?: StoreMemory | undefined }
  readonly pipelines: { report(): readonly StageReport[]; activity(): readonly ProviderActivity[] }
  readonly governance: { readonly eventBacklog: number }
  readonly calls: CallCounter
  readonly drain: { readonly begun: boolean }
  readonly gate: AdmissionNumbers
}

/** Asks the parts of a data plane for what the status server shows. */
export function gatherSources(informants: Informants): StatusSources {
  const { follower, pipelines } = informants
  const startedAt = informants.now()
  return {
    node: () => nodeNumbers(informants, startedAt),
    plugins: () => pipelines.report().map(pluginNumbers),
    providers: () => pipelines.activity(),
    counters: () => counterNumbers(informants),
    admission: () => informants.gate,
    draining: () => informants.drain.begun,
    ready: () => follower.configuration !== undefined && !isStale(follower) && !informants.drain.begun,
  }
}

function isStale({ freshness, stalenessLimitMs }: Informants['follower']): boolean {
  return stalenessLimitMs !== null && freshness.objection(stalenessLimitMs) !== undefined
}

function nodeNumbers(
  { dataPlaneId, version, now, follower, transport }: Informants,
  startedAt: number,
): NodeNumbers {
  const { status, lastError, applied, unread } = follower.state.current
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
    configurationAgeMs: follower.freshness.ageMs,
    stalenessLimitMs: follower.stalenessLimitMs,
    clockSkewMs: follower.freshness.clockSkewMs,
    storeMemory: transport.memory,
    headAgeMs: follower.headIssuedAt === null ? null : Math.max(0, now() - follower.headIssuedAt),
  }
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
