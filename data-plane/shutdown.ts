import { within } from './deadline.ts'

export interface ShutdownStep {
  /** What is done, as the log names it. */
  readonly name: string
  readonly limitMs: number
  run(): Promise<void> | void
}

interface ShutdownLog {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Runs the steps in order, each within its limit. One that fails or hangs is logged and does not keep the others. */
export async function shutDown(steps: readonly ShutdownStep[], log: ShutdownLog): Promise<void> {
  for (const { name, limitMs, run } of steps) {
    try {
      await within(limitMs, name, Promise.resolve(run()))
    } catch (error) {
      log.error({ err: error, step: name }, 'a step of the shutdown failed')
    }
  }
  log.info({}, 'the data plane has stopped')
}
