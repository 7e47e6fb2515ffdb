import type { Logger } from 'pino'

/** Logs that something fails, and that it works again: once each, however often it is tried in between. */
export class FailureLog {
  readonly #log: Logger
  readonly #failing = new Map<string, string>()

  constructor(log: Logger) {
    this.#log = log
  }

  failed(subject: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (this.#failing.get(subject) === reason) return
    this.#failing.set(subject, reason)
    this.#log.warn({ subject, err: error }, 'failing, retrying')
  }

  recovered(subject: string): void {
    if (this.#failing.delete(subject)) this.#log.info({ subject }, 'working again')
  }
}
