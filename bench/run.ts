import { stopAll } from './processes.ts'

/** Runs a benchmark to its end, or to a signal; whatever it has started is stopped then. A failure is told in words. */
export async function run(main: () => Promise<void>): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void stopAll().finally(() => process.exit(1))
    })
  }
  try {
    await main()
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`)
    process.exitCode = 1
  } finally {
    await stopAll()
  }
}

/** An error with what caused it, without stacks. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}\n${explain(error.cause)}`
}
