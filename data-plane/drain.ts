import { setTimeout as delay } from 'node:timers/promises'
import { Denied } from '../plugins/sdk/denied.ts'
import { DeadlineExceeded, within } from './deadline.ts'
import type { OpenStreams } from './pipeline/open-streams.ts'

/** In which the provider may still tell what a stream that was broken off has cost. */
const brokenOffLimitMs = 12_000

export interface DrainOptions {
  /** Resolves when the last connection is closed; takes no new one from the call on. */
  readonly listener: { close(): Promise<unknown> }
  readonly streams: OpenStreams
  /** How long new connections are taken after `begun` says so. */
  readonly noticeMs: number
  /** How long the calls under way may take from then on. */
  readonly limitMs: number
  readonly log: { warn(fields: object, message: string): void }
}

/**
 * The orderly end of a server: it says that it is about to go, takes no new connection, finishes what is under way, and
 * breaks off what takes too long with an error that its caller can read.
 */
export class Drain {
  readonly #options: DrainOptions
  #begun = false

  constructor(options: DrainOptions) {
    this.#options = options
  }

  get begun(): boolean {
    return this.#begun
  }

  /** In which `run` has ended. */
  get limitMs(): number {
    return this.#options.noticeMs + this.#options.limitMs + brokenOffLimitMs
  }

  async run(): Promise<void> {
    const { listener, streams, noticeMs, limitMs, log } = this.#options
    this.#begun = true
    if (noticeMs > 0) await delay(noticeMs)
    const closed = listener.close()
    try {
      await within(limitMs, 'finishing the calls', closed)
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) throw error
      const brokenOff = streams.breakOff(new Denied('shutting_down'))
      log.warn({ streams: brokenOff }, 'streams that did not finish in time are broken off')
      await within(brokenOffLimitMs, 'breaking off what did not finish', closed)
    }
  }
}
