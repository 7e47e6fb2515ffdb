import pino, { type Logger } from 'pino'
import { untilInterrupted } from '../interruption.ts'

const CLOSE_LIMIT_MS = 30_000

/** Runs one plane in the foreground until it is asked to end; its log goes to stdout, one JSON object a line. */
export async function runPlane(
  level: string,
  start: (log: Logger) => Promise<{ readonly url: string; close(): Promise<void> }>,
): Promise<void> {
  const log = pino({ level })
  const interrupted = untilInterrupted(() => process.exit(1))
  const plane = await start(log)
  log.info({ url: plane.url }, 'ready')
  await interrupted
  const overdue = setTimeout(() => {
    log.error(`not closed after ${CLOSE_LIMIT_MS / 1000} s`)
    process.exit(1)
  }, CLOSE_LIMIT_MS)
  await plane.close()
  clearTimeout(overdue)
}
