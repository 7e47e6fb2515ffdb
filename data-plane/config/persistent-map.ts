const shardCount = 4096

type Shard<V> = Map<string, V>

/**
 * An immutable map of strings whose next version shares all but the touched shards with this one: with 100 000
 * entries a change copies about 25 of them, so that a revision costs what it changes and readers of the previous
 * one are not disturbed.
 */
export class PersistentMap<V> {
  readonly #shards: readonly (Shard<V> | undefined)[]

  constructor(shards: readonly (Shard<V> | undefined)[] = new Array(shardCount).fill(undefined)) {
    this.#shards = shards
  }

  get(key: string): V | undefined {
    return this.#shards[shardOf(key)]?.get(key)
  }

  has(key: string): boolean {
    return this.#shards[shardOf(key)]?.has(key) ?? false
  }

  *values(): Generator<V> {
    for (const shard of this.#shards) if (shard) yield* shard.values()
  }

  draft(): MapDraft<V> {
    return new MapDraft(this.#shards)
  }
}

/** The next version of a map while it is being made. Not usable after `finish`. */
export class MapDraft<V> {
  readonly #shards: (Shard<V> | undefined)[]
  readonly #owned = new Set<number>()

  constructor(shards: readonly (Shard<V> | undefined)[]) {
    this.#shards = shards.slice()
  }

  get(key: string): V | undefined {
    return this.#shards[shardOf(key)]?.get(key)
  }

  has(key: string): boolean {
    return this.#shards[shardOf(key)]?.has(key) ?? false
  }

  set(key: string, value: V): void {
    this.#own(shardOf(key)).set(key, value)
  }

  delete(key: string): void {
    const index = shardOf(key)
    if (this.#shards[index]?.has(key)) this.#own(index).delete(key)
  }

  finish(): PersistentMap<V> {
    return new PersistentMap(this.#shards)
  }

  #own(index: number): Shard<V> {
    const shard = this.#shards[index]
    if (shard && this.#owned.has(index)) return shard
    const copy: Shard<V> = new Map(shard)
    this.#shards[index] = copy
    this.#owned.add(index)
    return copy
  }
}

/** The last characters vary most: in hex digests and in ULIDs they are random. */
function shardOf(key: string): number {
  const end = key.length
  return (
    ((key.charCodeAt(end - 1) * 31 + key.charCodeAt(end - 2)) * 31 + key.charCodeAt(end - 3)) &
    (shardCount - 1)
  )
}
