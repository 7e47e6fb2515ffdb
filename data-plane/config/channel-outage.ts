import type { ConfigurationLog } from './log.ts'

/** Tells of an outage once, and once of its end. */
export class ChannelOutage {
  readonly #log: ConfigurationLog
  #lasts = false

  constructor(log: ConfigurationLog) {
    this.#log = log
  }

  /** @returns why, for operators. */
  note(error: unknown): string {
    const reason = error instanceof Error ? error.message : String(error)
    if (!this.#lasts) {
      this.#log.warn({ reason }, 'the configuration channel does not answer; serving what is applied')
    }
    this.#lasts = true
    return reason
  }

  ended(): void {
    if (this.#lasts) this.#log.info({}, 'the configuration channel answers again')
    this.#lasts = false
  }
}
