import { type Context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'

export const traceParentHeader = 'traceparent'

/** The caller's trace to continue; a context without a span when the header is absent or malformed. */
export function continueTrace(header: string | undefined): Context {
  const parent = header === undefined ? null : parseTraceParent(header)
  return parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
export function formatTraceParent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
