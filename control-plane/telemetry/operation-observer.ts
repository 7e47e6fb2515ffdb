import { type ExecutionArgs, getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Logger } from 'pino'
import type { EndedOperation, ObservedOperation } from './observed-operation.ts'

/** Told of each operation when its answer is made; must not throw. */
export type OperationSink = (operation: EndedOperation) => void

export interface OperationObserver {
  begin(requestId: string, traceParent: string | undefined): ObservedOperation
  /** @param status of the answer; undefined when there is none, because answering failed. */
  end(operation: ObservedOperation, status: number | undefined): void
}

interface ObserverOptions {
  readonly sinks: readonly OperationSink[]
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Watches each request to the GraphQL API from its arrival to its answer. Variables are never looked at. */
export function createOperationObserver({ sinks, log, now }: ObserverOptions): OperationObserver {
  const startedAtMs = new WeakMap<ObservedOperation, number>()
  return {
    begin(requestId, traceParent) {
      const operation: ObservedOperation = {
        ...{ requestId, traceParent, startedAt: now() },
        ...{ name: undefined, type: undefined, errorIds: [], errorCodes: [] },
      }
      startedAtMs.set(operation, performance.now())
      return operation
    },
    end(operation, status = 500) {
      const durationMs = performance.now() - (startedAtMs.get(operation) ?? performance.now())
      const ended = { ...operation, status, durationMs, outcome: outcomeOf(operation, status) }
      for (const sink of sinks) sink(ended)
      logOperation(log, ended)
    },
  }
}

/** Notes in the request's observation what is executed and what comes of it. */
export function noteOperations(): Plugin<object, { readonly observed: ObservedOperation }> {
  return {
    onExecute: ({ args }) => noteStart(args),
    onSubscribe: ({ args }) => noteStart(args),
    onResultProcess({ result, serverContext }) {
      if (Symbol.asyncIterator in result) return
      for (const { errors = [] } of Array.isArray(result) ? result : [result]) {
        for (const { extensions } of errors) {
          serverContext.observed.errorCodes.push(String(extensions?.code))
          if (typeof extensions?.id === 'string') serverContext.observed.errorIds.push(extensions.id)
        }
      }
    },
  }
}

function noteStart({ document, operationName, contextValue }: ExecutionArgs): void {
  const definition = getOperationAST(document, operationName)
  const { observed } = contextValue as { readonly observed: ObservedOperation }
  observed.name = definition?.name?.value
  observed.type = definition?.operation
}

function outcomeOf({ errorCodes }: ObservedOperation, status: number): EndedOperation['outcome'] {
  if (status >= 500 || errorCodes.includes('INTERNAL_SERVER_ERROR')) return 'failed'
  return status >= 400 || errorCodes.length > 0 ? 'refused' : 'succeeded'
}

function logOperation(log: Logger, { requestId, name, type, outcome, ...rest }: EndedOperation): void {
  const { status, durationMs, errorCodes, errorIds } = rest
  const fields = {
    ...{ requestId, operation: name ?? null, operationType: type ?? null, outcome, status },
    durationMs: Math.round(durationMs * 10) / 10,
    ...(errorCodes.length > 0 && { errorCodes }),
    ...(errorIds.length > 0 && { errorIds }),
  }
  // Reads come by the thousand, and so can strangers; what changes something, or went wrong, is worth a line.
  const isRoutine = (type === 'query' && outcome === 'succeeded') || status === 401 || status === 429
  if (outcome === 'failed') log.error(fields, 'operation')
  else log[isRoutine ? 'debug' : 'info'](fields, 'operation')
}
