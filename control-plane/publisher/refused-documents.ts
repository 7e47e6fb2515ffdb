import type { EntityManager } from '@mikro-orm/postgresql'
import { countRefusingDataPlanes } from '../modules/data-planes/index.ts'

/** A data plane that refuses for a reason of its own must not have everything written anew all the time. */
const rewriteEveryMs = 10_000

/**
 * Knows when to write everything anew because data planes refuse what they find: the head vouches for the documents
 * in the store, but somebody may have changed those since.
 */
export class RefusedDocuments {
  readonly #organizationId: string
  readonly #now: () => number
  #claimedAt = Number.NEGATIVE_INFINITY

  /** @param now Milliseconds since the epoch. */
  constructor(organizationId: string, now: () => number) {
    this.#organizationId = organizationId
    this.#now = now
  }

  /** Whether to write everything anew now; after a yes the answer is no for ten seconds. */
  async claimRewrite(em: EntityManager): Promise<boolean> {
    const now = this.#now()
    if (now - this.#claimedAt < rewriteEveryMs) return false
    if ((await countRefusingDataPlanes(em, this.#organizationId, now)) === 0) return false
    this.#claimedAt = now
    return true
  }
}
