import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { TelemetrySettings } from './settings.ts'

export interface TelemetryLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

const exportTimeoutMs = 5_000

/** Logs that exports fail, and that they work again: once each. */
class ExportWatch {
  readonly #log: TelemetryLog
  readonly #signal: string
  #failing = false

  constructor(signal: string, log: TelemetryLog) {
    this.#signal = signal
    this.#log = log
  }

  note({ code, error }: ExportResult): void {
    const fails = code !== ExportResultCode.SUCCESS
    if (fails === this.#failing) return
    this.#failing = fails
    const fields = { signal: this.#signal }
    if (fails) this.#log.warn({ ...fields, err: error }, 'the collector does not take telemetry: dropping it')
    else this.#log.info(fields, 'the collector takes telemetry again')
  }
}

export class TraceExporter extends OTLPTraceExporter {
  readonly #watch: ExportWatch

  constructor(settings: TelemetrySettings, log: TelemetryLog) {
    super(exporterOptions(settings, 'traces'))
    this.#watch = new ExportWatch('traces', log)
  }

  override export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    super.export(spans, (result) => {
      this.#watch.note(result)
      done(result)
    })
  }
}

export class MetricExporter extends OTLPMetricExporter {
  readonly #watch: ExportWatch

  constructor(settings: TelemetrySettings, log: TelemetryLog) {
    super(exporterOptions(settings, 'metrics'))
    this.#watch = new ExportWatch('metrics', log)
  }

  override export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    super.export(metrics, (result) => {
      this.#watch.note(result)
      done(result)
    })
  }
}

function exporterOptions({ endpoint, headers }: TelemetrySettings, signal: string) {
  // Two at once: a slow collector must not pile up connections.
  return {
    url: `${endpoint}/v1/${signal}`,
    headers: { ...headers },
    timeoutMillis: exportTimeoutMs,
    concurrencyLimit: 2,
  }
}
