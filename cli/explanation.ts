import { StartRefused } from './start-refused.ts'

/** The classes of the language itself: what they say is about our code, not about what the operator can change. */
const programmerErrors: ReadonlySet<string> = new Set([
  ...['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AggregateError'],
])

/**
 * What to tell the person at the terminal: one sentence where the error was made for them, which every error with
 * a name of its own is, and where the system refused a port or an address; undefined where only a stack helps.
 */
export function explain(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string }
  if (code === 'EADDRINUSE') return `Port ${port} is in use: stop what listens there, or choose another port`
  if (code === 'ECONNREFUSED')
    return `Nothing answers at ${address}:${port}: is the server that the URL names running?`
  if (error instanceof StartRefused || !programmerErrors.has(error.name)) return error.message
  return undefined
}
