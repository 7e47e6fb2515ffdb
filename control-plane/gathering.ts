interface Gathered<Item> {
  readonly items: Item[]
  readonly done: Promise<void>
}

/**
 * Does together whatever is asked for under one name while `work` is busy with what was asked before: many at once wait for
 * two calls of it rather than for each other. Whoever asks waits for the call that did theirs, and fails with it.
 */
export function gathering<Item>(
  work: (name: string, items: readonly Item[]) => Promise<void>,
): (name: string, items: readonly Item[]) => Promise<void> {
  const waiting = new Map<string, Gathered<Item>>()
  const busy = new Map<string, Promise<void>>()

  const begin = (name: string): Gathered<Item> => {
    const items: Item[] = []
    const done = (busy.get(name) ?? Promise.resolve()).then(() => {
      waiting.delete(name)
      return work(name, items)
    })
    // Whoever asked fails with it; those who come after do not.
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (busy.get(name) === settled) busy.delete(name)
      })
    busy.set(name, settled)
    return { items, done }
  }

  return (name, items) => {
    const gathered = waiting.get(name) ?? begin(name)
    waiting.set(name, gathered)
    gathered.items.push(...items)
    return gathered.done
  }
}
