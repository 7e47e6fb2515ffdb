import { beginOfGrain, type Grain, nextGrain } from './grains.ts'

/** A time of which something is asked, in milliseconds since the epoch; infinite where it has no end. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** A table of sums that may be read. */
export interface Readable {
  readonly grain: Grain
  /** Since when it is whole. */
  readonly since: number
}

/** Part of a span, and what it is read from: sums that are whole in it, or the calls themselves (null). */
export interface Piece extends Span {
  readonly grain: Grain | null
}

/**
 * Cuts a span into pieces without gap or overlap, each read from the coarsest sums that are whole in it.
 *
 * @param readable from the coarsest to the finest
 */
export function cutSpan({ from, to }: Span, readable: readonly Readable[]): readonly Piece[] {
  if (from >= to) return []
  const [coarsest, ...finer] = readable
  if (!coarsest) return [{ grain: null, from, to }]
  const { grain, since } = coarsest
  const inner = { from: nextGrain(grain, Math.max(from, since)), to: beginOfGrain(grain, to) }
  if (inner.from >= inner.to) return cutSpan({ from, to }, finer)
  return [
    ...cutSpan({ from, to: inner.from }, finer),
    { grain, ...inner },
    ...cutSpan({ from: inner.to, to }, finer),
  ]
}

/** Cuts spans that follow each other. Pieces that touch and are read alike become one. */
export function cutSpans(spans: readonly Span[], readable: readonly Readable[]): readonly Piece[] {
  return joinTouching(spans.flatMap((span) => cutSpan(span, readable)))
}

/** The time of which sums are read, whichever. */
export function summedSpans(pieces: readonly Piece[]): readonly Span[] {
  const summed = pieces.filter(({ grain }) => grain !== null)
  return joinTouching(summed.map(({ from, to }) => ({ grain: null, from, to })))
}

function joinTouching(pieces: readonly Piece[]): readonly Piece[] {
  const joined: Piece[] = []
  for (const piece of pieces) {
    const before = joined.at(-1)
    if (before?.grain === piece.grain && before.to === piece.from) {
      joined[joined.length - 1] = { ...before, to: piece.to }
    } else joined.push(piece)
  }
  return joined
}
