import type { Head } from '../../contract/configuration/documents.ts'

const firstDelayMs = 1_000
const longestDelayMs = 30_000

/** Spaces the attempts at a head that was refused: what it needs may still come, but reading it again costs. */
export class Retry {
  readonly #now: () => number
  #attempted: string | undefined
  #notBefore = 0
  #delayMs = firstDelayMs

  constructor(now: () => number) {
    this.#now = now
  }

  /** A head that was not tried yet is due at once. */
  isDue(head: Head): boolean {
    return this.#attempted !== nameOf(head) || this.#now() >= this.#notBefore
  }

  attempted(head: Head): void {
    this.#delayMs =
      this.#attempted === nameOf(head) ? Math.min(this.#delayMs * 2, longestDelayMs) : firstDelayMs
    this.#attempted = nameOf(head)
    this.#notBefore = this.#now() + this.#delayMs
  }

  succeeded(): void {
    this.#attempted = undefined
  }
}

function nameOf({ epoch, revision, hash }: Head): string {
  return `${epoch}/${revision}/${hash}`
}
