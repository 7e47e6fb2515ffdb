import type { LimitHold } from '../../plugins/sdk/builtin.ts'
import type { Draw, PermitPool } from './permit-pool.ts'

/** What one call took of each of its limits. */
export class PermitHold implements LimitHold {
  /** Those of one limit stand together. */
  readonly #draws: readonly Draw[]
  readonly #now: () => number
  /** Set aside and not settled yet. */
  #tokens: number
  #isReleased = false

  constructor(draws: readonly Draw[], tokens: number, now: () => number) {
    this.#draws = draws
    this.#tokens = tokens
    this.#now = now
  }

  settle(tokens: number): void {
    const unused = this.#tokens - tokens
    this.#tokens = 0
    if (unused > 0) this.#takeBack(({ node }) => (node.unit === 'tokens' ? unused : 0))
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    const tokens = this.#tokens
    this.#tokens = 0
    this.#takeBack((pool) => pool.amountOf(tokens))
  }

  #takeBack(permitsOf: (pool: PermitPool) => number): void {
    const now = this.#now()
    let pool: PermitPool | undefined
    let left = 0
    for (const draw of this.#draws) {
      if (draw.pool !== pool) left = permitsOf(draw.pool)
      pool = draw.pool
      if (left > 0) left -= pool.takeBack(draw, left, now)
    }
  }
}
