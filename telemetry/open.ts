import type { Meter, Tracer } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions'
import { MetricExporter, type TelemetryLog, TraceExporter } from './exporters.ts'
import type { TelemetrySettings } from './settings.ts'

export interface TelemetryOptions {
  readonly settings: TelemetrySettings
  /** `gatehouse-data-plane`, … */
  readonly serviceName: string
  /** Tells apart the processes of one service. */
  readonly instanceId: string
  readonly version: string
  readonly log: TelemetryLog
}

export interface Telemetry {
  readonly tracer: Tracer
  readonly meter: Meter
  /** Exports what is left and ends, within two seconds: what a collector does not take by then is lost. */
  close(): Promise<void>
}

/** A span beyond these is dropped, never waited for: a call is worth more than its trace. */
const queuedSpans = 4_096
const spansPerExport = 512
const exportTimeoutMs = 5_000
const closeLimitMs = 1_500
const spanDelayMs = 2_000
const metricIntervalMs = 10_000
const longestAttribute = 256

/**
 * Traces and metrics to a collector, by providers of our own: the process's global ones stay free for plugins.
 * Nothing here blocks or throws when the collector is away.
 */
export function openTelemetry({ settings, log, ...identity }: TelemetryOptions): Telemetry {
  const { serviceName, instanceId, version } = identity
  const resource = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: serviceName,
    [ATTR_SERVICE_INSTANCE_ID]: instanceId,
    [ATTR_SERVICE_VERSION]: version,
  })
  const traces = new TracerProvider({
    resource,
    spanLimits: { attributeValueLengthLimit: longestAttribute },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new TraceExporter(settings, log),
        maxQueueSize: queuedSpans,
        maxExportBatchSize: spansPerExport,
        scheduledDelayMillis: spanDelayMs,
        exportTimeoutMillis: exportTimeoutMs,
      }),
    ],
  })
  const metrics = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new MetricExporter(settings, log),
        exportIntervalMillis: metricIntervalMs,
        exportTimeoutMillis: exportTimeoutMs,
      }),
    ],
  })
  return {
    tracer: traces.getTracer('gatehouse', version),
    meter: metrics.getMeter('gatehouse', version),
    async close() {
      const limit = Promise.withResolvers<void>()
      const timer = setTimeout(() => limit.resolve(), closeLimitMs)
      // What is wrong with a collector, the exporters have logged.
      const closed = Promise.allSettled([traces.shutdown(), metrics.shutdown()])
      await Promise.race([closed, limit.promise]).finally(() => clearTimeout(timer))
    },
  }
}
