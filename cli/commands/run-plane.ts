import pino, { type Logger } from 'pino'
import { untilInterrupted } from '../interruption.ts'

/** Beyond what a plane says that it needs. */
const closeLimitMs = 30_000

interface RunningPlane {
  readonly url: string
  /** How long finishing what is under way may take; absent: no time worth naming. */
  readonly drainLimitMs?: number
  close(): Promise<void>
}

/** Runs one plane in the foreground until it is asked to end; its log goes to stdout, one JSON object a line. */
export async function runPlane(level: string, start: (log: Logger) => Promise<RunningPlane>): Promise<void> {
  const log = pino({ level })
  const interrupted = untilInterrupted(() => process.exit(1))
  const plane = await start(log)
  log.info({ url: plane.url }, 'ready')
  await interrupted
  const limitMs = closeLimitMs + (plane.drainLimitMs ?? 0)
  const overdue = setTimeout(() => {
    log.error(`not closed after ${limitMs / 1000} s`)
    process.exit(1)
  }, limitMs)
  await plane.close()
  clearTimeout(overdue)
}
