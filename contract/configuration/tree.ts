import { hash } from 'node:crypto'
import { canonicalJson, type Json } from '../canonical.ts'
import { type EntityKey, keyOf } from './entities.ts'
import type { RawEntity } from './reading.ts'

const fanout = 64
const bucketCount = fanout * fanout
const emptyBucket = sha256('')
const emptyGroup = sha256(emptyBucket.repeat(fanout))
const bucketsAtOnce = 256

/**
 * The hash of a configuration: a Merkle tree of fixed shape over its entities' hashes (root, 64 groups, 4096
 * buckets, entities), so that a change costs one path whatever the size, and equal sets of entities have equal
 * roots in whatever order they came.
 *
 * bucket(entity) = the first 12 bits of SHA-256(key); bucket hash = SHA-256 over `key NUL hash NUL` of its
 * entities, sorted by key; a group's and the root's hash = SHA-256 over their 64 children.
 */
export class ConfigurationTree {
  readonly #buckets: (Map<EntityKey, string> | undefined)[] = new Array(bucketCount).fill(undefined)
  readonly #bucketHashes: string[] = new Array(bucketCount).fill(emptyBucket)
  readonly #groupHashes: string[] = new Array(fanout).fill(emptyGroup)
  readonly #staleBuckets = new Set<number>()
  readonly #staleGroups = new Set<number>()

  /** @returns the one spelling of the entity, which was hashed. */
  set(entity: RawEntity): string {
    const key = keyOf(entity)
    const index = bucketOf(key)
    const bucket = this.#buckets[index] ?? new Map<EntityKey, string>()
    this.#buckets[index] = bucket
    const text = canonicalJson(entity as unknown as Json)
    bucket.set(key, sha256(text))
    this.#staleBuckets.add(index)
    return text
  }

  delete(key: EntityKey): void {
    const index = bucketOf(key)
    if (this.#buckets[index]?.delete(key)) this.#staleBuckets.add(index)
  }

  /** Hex SHA-256 over all entities. */
  root(): string {
    for (const index of this.#staleBuckets) this.#hashBucket(index)
    for (const group of this.#staleGroups) {
      this.#groupHashes[group] = sha256(
        this.#bucketHashes.slice(group * fanout, (group + 1) * fanout).join(''),
      )
    }
    this.#staleGroups.clear()
    return sha256(this.#groupHashes.join(''))
  }

  /** The same for a tree that was filled just now, without holding up everything else; it must not change meanwhile. */
  async rootInSlices(pause: () => Promise<void>): Promise<string> {
    let left = bucketsAtOnce
    for (const index of this.#staleBuckets) {
      this.#hashBucket(index)
      left -= 1
      if (left > 0) continue
      left = bucketsAtOnce
      await pause()
    }
    return this.root()
  }

  #hashBucket(index: number): void {
    this.#bucketHashes[index] = bucketHash(this.#buckets[index])
    this.#staleBuckets.delete(index)
    this.#staleGroups.add(Math.floor(index / fanout))
  }
}

function bucketHash(bucket: ReadonlyMap<EntityKey, string> | undefined): string {
  if (!bucket || bucket.size === 0) return emptyBucket
  const entries = [...bucket].sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(entries.map(([key, hash]) => `${key}\0${hash}\0`).join(''))
}

/** Twelve bits are three hex digits. */
function bucketOf(key: EntityKey): number {
  return Number.parseInt(sha256(key).slice(0, 3), 16)
}

function sha256(text: string): string {
  return hash('sha256', text)
}
