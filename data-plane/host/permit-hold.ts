import type { LimitHold } from '../../plugins/sdk/builtin.ts'
import type { PoolUse } from './permit-pool.ts'

/** What one call took of each of its limits. */
export class PermitHold implements LimitHold {
  readonly #uses: readonly PoolUse[]
  readonly #now: () => number
  /** Set aside and not settled yet. */
  #tokens: number
  #isReleased = false

  constructor(uses: readonly PoolUse[], tokens: number, now: () => number) {
    this.#uses = uses
    this.#tokens = tokens
    this.#now = now
  }

  settle(tokens: number): void {
    const unused = this.#tokens - tokens
    this.#tokens = 0
    if (unused <= 0) return
    const now = this.#now()
    for (const use of this.#uses) if (use.pool.node.unit === 'tokens') use.pool.takeBack(use, unused, now)
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    const now = this.#now()
    for (const use of this.#uses) use.pool.takeBack(use, use.pool.amountOf(this.#tokens), now)
    this.#tokens = 0
  }
}
