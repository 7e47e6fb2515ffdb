/** Something that a plane does without for now, or cannot go on with. `What` is one of a fixed list of names. */
export interface Degradation<What extends string = string> {
  readonly what: What
  /** What is the matter and what follows from it. */
  readonly reason: string
  /** How long it can go on before it refuses what it serves now, at the present rate; null when nothing runs out. */
  readonly canGoOnForSeconds: number | null
  readonly whatToDo: string
  /** Nothing can be served meanwhile: `/readyz` answers 503. */
  readonly stopsService: boolean
}

export type ActiveDegradation<What extends string = string> = Degradation<What> & {
  /** When it was first found, in milliseconds since the epoch. */
  readonly since: number
}

/** Remembers since when each degradation lasts. It knows only what it is told, so it is to be told often. */
export class Onsets<What extends string> {
  readonly #now: () => number
  #onsets: ReadonlyMap<What, number> = new Map()

  constructor(now: () => number) {
    this.#now = now
  }

  /** @param found all that is degraded now; what is not among them is over. */
  note(found: readonly Degradation<What>[]): readonly ActiveDegradation<What>[] {
    const now = this.#now()
    const active = found.map((degradation) => ({
      ...degradation,
      since: this.#onsets.get(degradation.what) ?? now,
    }))
    this.#onsets = new Map(active.map(({ what, since }) => [what, since]))
    return active
  }
}

/** The body of `/readyz`, and whether it is 200. */
export function readinessOf(degradations: readonly ActiveDegradation[]) {
  const isReady = degradations.every(({ stopsService }) => !stopsService)
  const isDraining = degradations.some(({ what }) => what === 'draining')
  return {
    isReady,
    body: {
      status: isDraining ? 'draining' : isReady ? 'ready' : 'not ready',
      degraded: degradations.map(({ since, ...degradation }) => ({
        ...degradation,
        since: new Date(since).toISOString(),
      })),
    },
  }
}
