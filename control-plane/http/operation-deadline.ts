import type { Plugin } from 'graphql-yoga'
import { OperationTimedOut } from './refusals.ts'

/**
 * Ends an operation that takes too long: its caller is told, and no further resolver starts. A statement that is
 * running then is ended by the database's own limit. Subscriptions go on.
 */
export function limitDuration(limitSeconds: number): Plugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const deadline = new AbortController()
      const reached = Promise.withResolvers<{ errors: OperationTimedOut[] }>()
      const timer = setTimeout(() => {
        const error = new OperationTimedOut(limitSeconds)
        reached.resolve({ errors: [error] })
        deadline.abort(error)
      }, limitSeconds * 1_000)
      // Yoga's executor starts no resolver after it, see its useExecutionCancellation; a mutation it lets wait on.
      Object.assign(args, { signal: deadline.signal })
      setExecuteFn((executed) => Promise.race([reached.promise, executeFn(executed)]))
      return { onExecuteDone: () => clearTimeout(timer) }
    },
  }
}
