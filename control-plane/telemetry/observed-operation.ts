import type { OperationTypeNode } from 'graphql'

/** One request to the GraphQL API, filled in while it is answered. */
export interface ObservedOperation {
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** The caller's W3C trace context. */
  readonly traceParent: string | undefined
  /** As the document names it; undefined when it has no name, or was not executed. */
  name: string | undefined
  /** Undefined when nothing was executed. */
  type: OperationTypeNode | undefined
  /** Ids under which the log has what went wrong. */
  errorIds: string[]
  /** Of errors that the caller was told. */
  errorCodes: string[]
}

export interface EndedOperation extends ObservedOperation {
  readonly outcome: 'succeeded' | 'refused' | 'failed'
  /** The HTTP status. */
  readonly status: number
  readonly durationMs: number
}
