import { collectDefaultMetrics, type Registry } from 'prom-client'
import { counter, gauge, singleGauge } from '../../telemetry/prometheus.ts'
import { describeStore } from '../../telemetry/store-metrics.ts'
import type { Transport } from '../../transport/transport.ts'
import { degradationNames } from '../health/degradations.ts'
import type { Health } from '../health/health-watch.ts'
import type { IngestCounts } from '../ingest/ingest.ts'

/** What the parts of a control plane tell of themselves when they are asked. */
export interface ControlPlaneNumbers {
  readonly version: string
  readonly transport: Pick<Transport, 'connected' | 'connections' | 'memory'>
  readonly database: { readonly answers: boolean }
  /** Those who ask at once share one look. */
  health(): Promise<Health>
  readonly ingest: IngestCounts
}

/** Registers what one control plane shows beside its operations. */
export function describeControlPlane(registry: Registry, numbers: ControlPlaneNumbers): void {
  collectDefaultMetrics({ register: registry })
  gauge(registry, 'gatehouse_build_info', 'The running release; always 1.', ['version'], () => [
    { labels: { version: numbers.version }, value: 1 },
  ])
  describeIngest(registry, numbers)
  describeStores(registry, numbers)
  const help = 'How long the oldest change waits to be published to data planes.'
  singleGauge(registry, 'gatehouse_publish_lag_seconds', help, async () => {
    const { facts } = await numbers.health()
    return facts.publishLagMs / 1_000
  })
  const drift = 'By how much usage, budgets and leases are apart, over all organizations.'
  singleGauge(registry, 'gatehouse_budget_drift_nano_usd', drift, async () => {
    const { budgetDriftNanoUsd } = (await numbers.health()).facts
    return budgetDriftNanoUsd === null ? null : Number(budgetDriftNanoUsd)
  })
  const degraded = 'Whether something is degraded; /readyz says why and what to do.'
  gauge(registry, 'gatehouse_degraded', degraded, ['what'], async () => {
    const active = new Set((await numbers.health()).degradations.map(({ what }) => what))
    return degradationNames.map((what) => ({ labels: { what }, value: Number(active.has(what)) }))
  })
}

function describeStores(registry: Registry, { transport, database }: ControlPlaneNumbers): void {
  const answers =
    'Whether PostgreSQL has answered within the last five seconds; requests are refused at once while it has not.'
  singleGauge(registry, 'gatehouse_database_answers', answers, () => Number(database.answers))
  describeStore(registry, () => transport.memory)
  const reached = 'Whether the store between the planes answers.'
  singleGauge(registry, 'gatehouse_transport_connected', reached, () => Number(transport.connected))
  const connected =
    'Whether the last word of a connection to Redis was an answer; 0 lets calls over it fail at once.'
  gauge(registry, 'gatehouse_redis_connected', connected, ['role'], () =>
    transport.connections.map(({ role, answers }) => ({ labels: { role }, value: Number(answers) })),
  )
}

function describeIngest(registry: Registry, { ingest, health }: ControlPlaneNumbers): void {
  counter(registry, 'gatehouse_ingest_batches_total', 'Event batches of data planes taken in.', [], () => [
    { labels: {}, value: ingest.batches },
  ])
  const rejected = 'Event batches that were not genuine, or that the database refused.'
  counter(registry, 'gatehouse_ingest_rejected_batches_total', rejected, [], () => [
    { labels: {}, value: ingest.rejectedBatches },
  ])
  const gaps =
    'Times that something was found to be missing from usage and audit; see dataPlanes { recordGaps }.'
  counter(registry, 'gatehouse_record_gaps_total', gaps, [], () => [{ labels: {}, value: ingest.recordGaps }])
  const waiting = 'Event batches in the store that no control plane has taken in.'
  singleGauge(registry, 'gatehouse_ingest_backlog', waiting, async () => {
    const { facts } = await health()
    return facts.eventBacklog?.batches ?? null
  })
  const age = 'Age of the oldest event batch that waits to be taken in.'
  singleGauge(registry, 'gatehouse_ingest_lag_seconds', age, async () => {
    const { eventBacklog } = (await health()).facts
    return eventBacklog === null ? null : eventBacklog.oldestAgeMs / 1_000
  })
}
