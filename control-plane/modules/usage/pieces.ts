import { type Grain, grainMs } from './rollups.ts'

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
  const length = grainMs[grain]
  const inner = {
    from: Math.ceil(Math.max(from, since) / length) * length,
    to: Math.floor(to / length) * length,
  }
  if (inner.from >= inner.to) return cutSpan({ from, to }, finer)
  return [
    ...cutSpan({ from, to: inner.from }, finer),
    { grain, ...inner },
    ...cutSpan({ from: inner.to, to }, finer),
  ]
}

/** Cuts spans that follow each other. Pieces that touch and are read alike become one. */
export function cutSpans(spans: readonly Span[], readable: readonly Readable[]): readonly Piece[] {
  const pieces: Piece[] = []
  for (const piece of spans.flatMap((span) => cutSpan(span, readable))) {
    const before = pieces.at(-1)
    if (before?.grain === piece.grain && before.to === piece.from) {
      pieces[pieces.length - 1] = { ...before, to: piece.to }
    } else pieces.push(piece)
  }
  return pieces
}
