import type { Logger } from 'pino'
import type { BackgroundWork } from './dependencies.ts'
import { FailureLog } from './failure-log.ts'

const firstRetryMs = 50
const lastRetryMs = 2_000

export interface Loop extends BackgroundWork {
  /** Begins the next step now, or once the step under way has ended. */
  wake(): void
}

export interface LoopOptions {
  readonly name: string
  readonly log: Logger
  /** How long to rest after a step that went well; 0 for a step that waits by itself. */
  readonly pauseMs: number
  step(): Promise<void>
}

/** Repeats `step` until it is stopped. A failing step is retried, ever more slowly, and never ends the process. */
export function startLoop({ name, log, pauseMs, step }: LoopOptions): Loop {
  const failures = new FailureLog(log)
  let stopped = false
  let woken = false
  let endRest: () => void = () => undefined

  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      endRest = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const run = async (): Promise<void> => {
    let retries = 0
    while (!stopped) {
      woken = false
      try {
        await step()
        retries = 0
        failures.recovered(name)
        if (!stopped && !woken && pauseMs > 0) await rest(pauseMs)
      } catch (error) {
        failures.failed(name, error)
        if (!stopped) await rest(retryDelayMs(retries++))
      }
    }
  }

  const running = run()
  return {
    wake() {
      woken = true
      endRest()
    },
    async stop() {
      stopped = true
      endRest()
      await running
    },
  }
}

function retryDelayMs(retries: number): number {
  return Math.min(firstRetryMs * 2 ** Math.min(retries, 10), lastRetryMs) * (0.8 + Math.random() * 0.4)
}
