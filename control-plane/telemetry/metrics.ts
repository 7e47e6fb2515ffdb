import { collectDefaultMetrics, type Registry } from 'prom-client'
import { counter, gauge, singleGauge } from '../../telemetry/prometheus.ts'
import { describeStore } from '../../telemetry/store-metrics.ts'
import type { EventBacklog } from '../../transport/event-stream.ts'
import type { StoreMemory } from '../../transport/store-memory.ts'

/** What the parts of a control plane tell of themselves when they are asked. */
export interface ControlPlaneNumbers {
  readonly version: string
  readonly transport: { readonly connected: boolean; readonly memory?: StoreMemory | undefined }
  readonly database: { readonly answers: boolean }
  /** What data planes reported and no control plane has taken in; null while the store does not answer. */
  eventBacklog(): Promise<EventBacklog | null>
  /** How long the oldest committed change waits for its publication, in milliseconds; 0 when none waits. */
  publishLagMs(): number
  readonly ingest: { readonly batches: number; readonly rejectedBatches: number; readonly recordGaps: number }
}

/** Registers what one control plane shows beside its operations. */
export function describeControlPlane(registry: Registry, numbers: ControlPlaneNumbers): void {
  collectDefaultMetrics({ register: registry })
  gauge(registry, 'gatehouse_build_info', 'The running release; always 1.', ['version'], () => [
    { labels: { version: numbers.version }, value: 1 },
  ])
  singleGauge(
    registry,
    'gatehouse_transport_connected',
    'Whether the store between the planes answers.',
    () => Number(numbers.transport.connected),
  )
  singleGauge(
    registry,
    'gatehouse_database_answers',
    'Whether PostgreSQL has answered within the last five seconds; requests are refused at once while it has not.',
    () => Number(numbers.database.answers),
  )
  describeStore(registry, () => numbers.transport.memory)
  describeIngest(registry, numbers)
  const help = 'How long the oldest change waits to be published to data planes.'
  singleGauge(registry, 'gatehouse_publish_lag_seconds', help, () => numbers.publishLagMs() / 1_000)
}

function describeIngest(registry: Registry, numbers: ControlPlaneNumbers): void {
  const { ingest } = numbers
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
  // Two gauges of one reading: a scrape asks the store once.
  let reading: Promise<EventBacklog | null> | undefined
  const read = () => {
    reading ??= numbers.eventBacklog().finally(() => {
      reading = undefined
    })
    return reading
  }
  const waiting = 'Event batches in the store that no control plane has taken in.'
  singleGauge(registry, 'gatehouse_ingest_backlog', waiting, async () => (await read())?.batches ?? null)
  const age = 'Age of the oldest event batch that waits to be taken in.'
  singleGauge(registry, 'gatehouse_ingest_lag_seconds', age, async () => {
    const backlog = await read()
    return backlog === null ? null : backlog.oldestAgeMs / 1_000
  })
}
