import { hash } from 'node:crypto'
import { type Histogram, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import {
  ATTR_GEN_AI_TOKEN_TYPE,
  METRIC_GEN_AI_CLIENT_OPERATION_DURATION,
  METRIC_GEN_AI_CLIENT_TOKEN_USAGE,
} from '@opentelemetry/semantic-conventions/incubating'
import type { BuiltinCall, Journal } from '../../plugins/sdk/builtin.ts'
import type { Outcome, UpstreamRequest } from '../../plugins/sdk/call.ts'
import { slot } from '../../plugins/sdk/slot.ts'
import type { Telemetry } from '../../telemetry/open.ts'
import { continueTrace, formatTraceParent, traceParentHeader } from '../../telemetry/trace-parent.ts'
import { metricAttributes, operationNameOf, spanAttributes } from './call-attributes.ts'

const callSpan = slot<Span>('telemetry.span')
/** What the GenAI conventions advise. */
const tokenBoundaries = Array.from({ length: 14 }, (_, exponent) => 4 ** exponent)
const secondBoundaries = Array.from({ length: 14 }, (_, exponent) => 0.01 * 2 ** exponent)

/** Traces and measures inference calls, after the GenAI semantic conventions. */
export class CallTelemetry {
  readonly #telemetry: Telemetry
  readonly #tracer: Tracer
  readonly #tokens: Histogram
  readonly #duration: Histogram

  constructor(telemetry: Telemetry) {
    const { tracer, meter } = telemetry
    this.#telemetry = telemetry
    this.#tracer = tracer
    this.#tokens = meter.createHistogram(METRIC_GEN_AI_CLIENT_TOKEN_USAGE, {
      description: 'Tokens of a call, by type.',
      unit: '{token}',
      advice: { explicitBucketBoundaries: tokenBoundaries },
    })
    this.#duration = meter.createHistogram(METRIC_GEN_AI_CLIENT_OPERATION_DURATION, {
      description: 'Time from the arrival of a call to its end.',
      unit: 's',
      advice: { explicitBucketBoundaries: secondBoundaries },
    })
  }

  /** The same journal; each call that it is told of is traced and measured. */
  watch(journal: Journal): Journal {
    return {
      intend: (call) => journal.intend(call),
      finish: (call, outcome, charges) => {
        journal.finish(call, outcome, charges)
        this.#record(call, outcome)
      },
    }
  }

  /**
   * Makes our span the provider's parent, where the header lists have let the caller's `traceparent` through. Where
   * they have not, none leaves.
   */
  continueUpstream(call: BuiltinCall, request: UpstreamRequest): void {
    if (request.headers[traceParentHeader] === undefined) return
    const value = formatTraceParent(this.#spanOf(call).spanContext())
    request.headers[traceParentHeader] = value
    call.headerTrail = withSentValue(call.headerTrail, value)
  }

  close(): Promise<void> {
    return this.#telemetry.close()
  }

  #record(call: BuiltinCall, outcome: Outcome): void {
    if (operationNameOf(call) === undefined) return
    const span = this.#spanOf(call)
    span.setAttributes(spanAttributes(call, outcome))
    if (outcome.outcome === 'denied' || outcome.outcome === 'failed')
      span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(call.receivedAt + outcome.durationMs)
    const attributes = metricAttributes(call, outcome)
    this.#duration.record(outcome.durationMs / 1_000, attributes)
    if (!call.usage) return
    this.#tokens.record(call.usage.inputTokens, { ...attributes, [ATTR_GEN_AI_TOKEN_TYPE]: 'input' })
    this.#tokens.record(call.usage.outputTokens, { ...attributes, [ATTR_GEN_AI_TOKEN_TYPE]: 'output' })
  }

  #spanOf(call: BuiltinCall): Span {
    const known = call.get(callSpan)
    if (known) return known
    const operation = operationNameOf(call) ?? call.operation
    const name = call.model === '' ? operation : `${operation} ${call.model}`
    const options = { kind: SpanKind.CLIENT, startTime: call.receivedAt }
    const span = this.#tracer.startSpan(name, options, continueTrace(call.header(traceParentHeader)))
    call.set(callSpan, span)
    return span
  }
}

/** The record tells what left, so that it names the hash of the header that was sent. */
function withSentValue(trail: BuiltinCall['headerTrail'], value: string): BuiltinCall['headerTrail'] {
  if (!trail) return undefined
  const sha256 = hash('sha256', Buffer.from(value, 'latin1'))
  const forwarded = trail.forwarded.map((sent) =>
    sent.name === traceParentHeader ? { ...sent, sha256 } : sent,
  )
  return { ...trail, forwarded }
}
