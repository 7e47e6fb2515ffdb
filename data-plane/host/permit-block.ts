import type { KeptPermits } from '../../transport/limit-store.ts'

/** Permits of one grant. */
export interface Block {
  readonly limitId: string
  readonly grantId: string
  /** Of them, those that nobody uses. */
  free: number
  /** Of them, those that the store is to go on counting. */
  kept: number
  readonly usableUntil: number
  /** The store has forgotten them by then, whatever it was told. */
  readonly countsUntil: number
}

/** Blocks of which the store has yet to hear that fewer permits stay counted. */
export class ReturnedPermits {
  readonly #blocks = new Set<Block>()

  add(block: Block, permits: number): void {
    if (permits === 0) return
    block.kept -= permits
    this.#blocks.add(block)
  }

  /** What to tell the store; it is told no more, unless it is added again. */
  takeAll(now: number): readonly Block[] {
    const blocks = [...this.#blocks].filter(({ countsUntil }) => now < countsUntil)
    this.#blocks.clear()
    return blocks
  }

  /** For blocks of which the store did not hear: it is told once more. */
  putBack(blocks: readonly Block[]): void {
    for (const block of blocks) this.#blocks.add(block)
  }
}

export function keptOf({ limitId, grantId, kept }: Block): KeptPermits {
  return { limitId, grantId, permits: kept }
}
