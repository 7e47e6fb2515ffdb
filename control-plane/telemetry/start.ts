import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { EventBacklog } from '../../transport/event-stream.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Database } from '../db/database.ts'
import type { ControlPlaneEnv } from '../env.ts'
import type { IngestCounts } from '../ingest/ingest.ts'
import { version } from '../version.ts'
import { describeControlPlane } from './metrics.ts'
import { createOperationMetrics } from './operation-metrics.ts'
import { createOperationObserver, type OperationObserver } from './operation-observer.ts'
import type { OperationSpans } from './operation-spans.ts'

export interface TelemetryParts {
  readonly env: Pick<ControlPlaneEnv, 'telemetry'>
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly database: Database
  readonly transport: Transport
  readonly events: { backlog(organizationIds: readonly string[]): Promise<EventBacklog> }
  readonly publisher: { lagMs(): number }
  readonly ingest: { readonly counts: IngestCounts }
}

export interface ControlPlaneTelemetry {
  readonly observer: OperationObserver
  /** For Prometheus. */
  readonly registry: Registry
  close(): Promise<void>
}

const backlogLimitMs = 2_000

/** Begins to measure a control plane: for Prometheus always, for a collector when one is named. */
export async function startTelemetry(parts: TelemetryParts): Promise<ControlPlaneTelemetry> {
  const { log, now, database, transport, publisher, ingest } = parts
  const registry = new Registry()
  describeControlPlane(registry, {
    version,
    transport,
    database,
    eventBacklog: () => readBacklog(parts),
    publishLagMs: () => publisher.lagMs(),
    ingest: ingest.counts,
  })
  const spans = await openSpans(parts)
  const sinks = [createOperationMetrics(registry), ...(spans ? [spans.record] : [])]
  return {
    observer: createOperationObserver({ sinks, log, now }),
    registry,
    close: async () => spans?.close(),
  }
}

/** Without a collector not even its code is loaded. */
async function openSpans({ env, log }: TelemetryParts): Promise<OperationSpans | undefined> {
  if (!env.telemetry) return undefined
  const { startOperationSpans } = await import('./operation-spans.ts')
  return startOperationSpans({ settings: env.telemetry, instanceId: randomUUID(), version, log })
}

/** A scrape must not fail with the store or the database: then the backlog is not known. */
async function readBacklog({ database, events, log }: TelemetryParts): Promise<EventBacklog | null> {
  const limit = Promise.withResolvers<null>()
  const timer = setTimeout(() => limit.resolve(null), backlogLimitMs)
  const reading = database.organizationIds().then((ids) => events.backlog(ids))
  const answer = reading.catch((error: unknown) => {
    log.debug({ err: error }, 'the event backlog cannot be read')
    return null
  })
  return Promise.race([answer, limit.promise]).finally(() => clearTimeout(timer))
}
