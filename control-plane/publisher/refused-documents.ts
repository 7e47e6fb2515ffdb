import type { EntityManager } from '@mikro-orm/postgresql'
import { countRefusingDataPlanes } from '../modules/data-planes/index.ts'

/** A data plane that refuses for a reason of its own must not have everything written anew all the time. */
const firstPauseMs = 3_000
const longestPauseMs = 60_000

/**
 * Knows when to write everything anew because data planes refuse what they find: the head vouches for the documents
 * in the store, but somebody may have changed those since.
 */
export class RefusedDocuments {
  readonly #organizationId: string
  readonly #now: () => number
  #pauseMs = firstPauseMs
  #notBefore = Number.NEGATIVE_INFINITY

  /** @param now Milliseconds since the epoch. */
  constructor(organizationId: string, now: () => number) {
    this.#organizationId = organizationId
    this.#now = now
  }

  /** Whether to write everything anew now. After a yes it is no for a while, longer each time until nobody refuses. */
  async claimRewrite(em: EntityManager): Promise<boolean> {
    const now = this.#now()
    if ((await countRefusingDataPlanes(em, this.#organizationId, now)) === 0) {
      this.#pauseMs = firstPauseMs
      return false
    }
    if (now < this.#notBefore) return false
    this.#notBefore = now + this.#pauseMs
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs)
    return true
  }
}
