import type { Head } from '../../contract/configuration/documents.ts'
import type { ConfigurationRefused } from './refusal.ts'

const firstDelayMs = 1_000
const longestDelayMs = 30_000

interface Refused {
  readonly hash: string
  readonly refusal: ConfigurationRefused
  readonly delayMs: number
  readonly notBefore: number
}

/** Spaces the attempts at a head that was refused: what it lacks may still come, but reading it all again costs. */
export class Retry {
  readonly #now: () => number
  #last: Refused | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /** @throws ConfigurationRefused, the last refusal again, when it is too early to try this head once more. */
  assertDue({ hash }: Head): void {
    if (this.#last?.hash === hash && this.#now() < this.#last.notBefore) throw this.#last.refusal
  }

  refused({ hash }: Head, refusal: ConfigurationRefused): void {
    const delayMs =
      this.#last?.hash === hash ? Math.min(this.#last.delayMs * 2, longestDelayMs) : firstDelayMs
    this.#last = { hash, refusal, delayMs, notBefore: this.#now() + delayMs }
  }
}
