import type { ExecutionResult, GraphQLError } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'

/** The last event of a stream that fails says why, where a broken connection would say nothing. */
export function endWithErrorEvent(mask: (error: unknown) => Error): Plugin {
  return {
    onSubscribe: () => ({
      onSubscribeResult({ result, setResult }) {
        if (isAsyncIterable(result)) setResult(withErrorEvent(result[Symbol.asyncIterator](), mask))
      },
    }),
  }
}

/** Not a generator: it could not be ended while it waits for the next event. */
function withErrorEvent(
  source: AsyncIterator<ExecutionResult>,
  mask: (error: unknown) => Error,
): AsyncIterableIterator<ExecutionResult> {
  let hasFailed = false
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      if (hasFailed) return { done: true, value: undefined }
      try {
        return await source.next()
      } catch (error) {
        hasFailed = true
        return { done: false, value: { errors: [mask(originalOf(error)) as GraphQLError] } }
      }
    },
    async return() {
      hasFailed = true
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}

/** The executor wraps what a source throws. */
function originalOf(error: unknown): unknown {
  return error instanceof Error && 'originalError' in error && error.originalError instanceof Error
    ? error.originalError
    : error
}
