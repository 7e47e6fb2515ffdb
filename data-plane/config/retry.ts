import type { Head } from '../../contract/configuration/documents.ts'
import { type ConfigurationRefused, StaleOffer } from './refusal.ts'

const firstDelayMs = 1_000
const longestDelayMs = 30_000

interface Refused {
  readonly hash: string
  readonly issuedAt: number
  readonly refusal: ConfigurationRefused
  readonly delayMs: number
  readonly notBefore: number
}

/**
 * Spaces the attempts at a head that was refused: what it lacks may still come, but reading it all again costs. One that
 * was only too old is tried again as soon as it is signed anew, and not before.
 */
export class Retry {
  readonly #now: () => number
  #last: Refused | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /** @throws ConfigurationRefused, the last refusal again, when it is too early to try this head once more. */
  assertDue({ hash, issuedAt }: Head): void {
    const last = this.#last
    if (last?.hash !== hash) return
    const isDue =
      last.refusal instanceof StaleOffer ? last.issuedAt !== issuedAt : this.#now() >= last.notBefore
    if (!isDue) throw last.refusal
  }

  refused({ hash, issuedAt }: Head, refusal: ConfigurationRefused): void {
    const delayMs =
      this.#last?.hash === hash ? Math.min(this.#last.delayMs * 2, longestDelayMs) : firstDelayMs
    this.#last = { hash, issuedAt, refusal, delayMs, notBefore: this.#now() + delayMs }
  }
}
