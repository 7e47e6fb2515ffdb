import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions'
import {
  ATTR_GRAPHQL_OPERATION_NAME,
  ATTR_GRAPHQL_OPERATION_TYPE,
} from '@opentelemetry/semantic-conventions/incubating'
import { openTelemetry, type TelemetryOptions } from '../../telemetry/open.ts'
import { continueTrace } from '../../telemetry/trace-parent.ts'
import type { EndedOperation } from './observed-operation.ts'

export interface OperationSpans {
  record(operation: EndedOperation): void
  close(): Promise<void>
}

/** One span for each operation: its name and how it ended, neither document nor variables. Loaded only when exported. */
export function startOperationSpans(options: Omit<TelemetryOptions, 'serviceName'>): OperationSpans {
  const telemetry = openTelemetry({ ...options, serviceName: 'gatehouse-control-plane' })
  const duration = telemetry.meter.createHistogram('gatehouse.operation.duration', {
    description: 'Time from a GraphQL request to its answer.',
    unit: 's',
  })
  return {
    record(operation) {
      const { name, type, traceParent, startedAt, durationMs, outcome, errorCodes } = operation
      const attributes = {
        [ATTR_GRAPHQL_OPERATION_TYPE]: type,
        [ATTR_ERROR_TYPE]: outcome === 'succeeded' ? undefined : (errorCodes[0] ?? outcome),
        'gatehouse.outcome': outcome,
      }
      const span = telemetry.tracer.startSpan(
        [type ?? 'GraphQL request', name].filter(Boolean).join(' '),
        {
          kind: SpanKind.SERVER,
          startTime: startedAt,
          attributes: {
            ...attributes,
            [ATTR_GRAPHQL_OPERATION_NAME]: name,
            [ATTR_HTTP_RESPONSE_STATUS_CODE]: operation.status,
            'gatehouse.request.id': operation.requestId,
          },
        },
        continueTrace(traceParent),
      )
      if (outcome === 'failed') span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(startedAt + durationMs)
      duration.record(durationMs / 1_000, attributes)
    },
    close: () => telemetry.close(),
  }
}
