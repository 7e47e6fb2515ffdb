import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { ControlPlaneEnv } from '../env.ts'
import type { HealthWatch } from '../health/health-watch.ts'
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
  readonly database: { readonly answers: boolean }
  readonly health: HealthWatch
  readonly ingest: { readonly counts: IngestCounts }
}

export interface ControlPlaneTelemetry {
  readonly observer: OperationObserver
  /** For Prometheus. */
  readonly registry: Registry
  close(): Promise<void>
}

/** Begins to measure a control plane: for Prometheus always, for a collector when one is named. */
export async function startTelemetry(parts: TelemetryParts): Promise<ControlPlaneTelemetry> {
  const { log, now, database, health, ingest } = parts
  const registry = new Registry()
  describeControlPlane(registry, {
    version,
    database,
    health: () => health.look(),
    transport: health.transport,
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
