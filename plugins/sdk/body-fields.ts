/** Where a top-level value stands in the body: `[start, end)`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What the lean scanner found; a member is undefined where the body does not have it. */
export interface BodyFields {
  /** Offset just behind the object's `{`. */
  readonly insertAt: number
  readonly isEmpty: boolean
  readonly model: Span | undefined
  readonly stream: boolean
  readonly maxOutputTokens: (Span & { readonly name: string; readonly value: number | null }) | undefined
  /** How many answers are asked for (`n`); 1 unless said. */
  readonly choices: number
  readonly streamOptions: (Span & { readonly includeUsage: boolean }) | undefined
}
