import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean }
type Attributes = readonly { readonly key: string; readonly value: Value }[]

export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: number
  readonly durationMs: number
  readonly status: number
  readonly service: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface CollectedPoint {
  readonly metric: string
  readonly count: number
  readonly sum: number
  readonly attributes: Readonly<Record<string, unknown>>
}

interface WireSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status?: { readonly code?: number }
  readonly attributes: Attributes
}

interface WirePoint {
  readonly count: number | string
  readonly sum: number
  readonly attributes: Attributes
}

interface Export {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: Attributes }
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[]
  }[]
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string
        readonly histogram?: { readonly dataPoints: readonly WirePoint[] }
      }[]
    }[]
  }[]
}

/** A collector on loopback that keeps what it is sent over OTLP/HTTP. */
export class Collector {
  readonly #exports: Export[] = []
  readonly #texts: string[] = []
  /** Of the latest export. */
  headers: IncomingHttpHeaders = {}
  /** How often it was called. */
  requests = 0
  /** What it answers; `never` keeps every exporter waiting. */
  answers: number | 'never' = 200
  readonly #server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    this.requests++
    if (this.answers === 'never') return
    this.headers = request.headers
    this.#texts.push(text)
    this.#exports.push(JSON.parse(text))
    response.writeHead(this.answers, { 'content-type': 'application/json' }).end('{}')
  })

  /** @returns its endpoint */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Everything that was sent, as it came. */
  get text(): string {
    return this.#texts.join('\n')
  }

  get spans(): readonly CollectedSpan[] {
    return this.#exports.flatMap(({ resourceSpans = [] }) =>
      resourceSpans.flatMap(({ resource, scopeSpans }) => {
        const service = String(read(resource.attributes)['service.name'])
        return scopeSpans.flatMap(({ spans }) => spans.map((span) => spanOf(span, service)))
      }),
    )
  }

  /** The points of the latest export of each metric. */
  points(metric: string): readonly CollectedPoint[] {
    const histograms = this.#exports
      .flatMap(({ resourceMetrics = [] }) => resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics))
      .flatMap(({ metrics }) => metrics)
      .filter(({ name }) => name === metric)
    const points = histograms.at(-1)?.histogram?.dataPoints ?? []
    return points.map(({ count, sum, attributes }) => ({
      metric,
      count: Number(count),
      sum,
      attributes: read(attributes),
    }))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function spanOf(span: WireSpan, service: string): CollectedSpan {
  const { traceId, spanId, parentSpanId, name, kind, status, attributes } = span
  const durationNs = BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)
  return {
    ...{ traceId, spanId, parentSpanId: parentSpanId || undefined, name, kind, service },
    durationMs: Number(durationNs) / 1e6,
    status: status?.code ?? 0,
    attributes: read(attributes),
  }
}

function read(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const { stringValue, intValue, doubleValue, boolValue } = value
      const number = intValue === undefined ? doubleValue : Number(intValue)
      return [key, stringValue ?? boolValue ?? number]
    }),
  )
}
