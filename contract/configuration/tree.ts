import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '../canonical.ts'
import { type Entity, type EntityKey, keyOf } from './entities.ts'

const fanout = 64
const bucketCount = fanout * fanout
const emptyBucket = sha256('')
const emptyGroup = sha256(emptyBucket.repeat(fanout))

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

  set(entity: Entity): void {
    const key = keyOf(entity)
    const index = bucketOf(key)
    const bucket = this.#buckets[index] ?? new Map<EntityKey, string>()
    this.#buckets[index] = bucket
    bucket.set(key, entityHash(entity))
    this.#staleBuckets.add(index)
  }

  delete(key: EntityKey): void {
    const index = bucketOf(key)
    if (this.#buckets[index]?.delete(key)) this.#staleBuckets.add(index)
  }

  /** Hex SHA-256 over all entities. */
  root(): string {
    const staleGroups = new Set<number>()
    for (const index of this.#staleBuckets) {
      this.#bucketHashes[index] = bucketHash(this.#buckets[index])
      staleGroups.add(Math.floor(index / fanout))
    }
    this.#staleBuckets.clear()
    for (const group of staleGroups) {
      this.#groupHashes[group] = sha256(
        this.#bucketHashes.slice(group * fanout, (group + 1) * fanout).join(''),
      )
    }
    return sha256(this.#groupHashes.join(''))
  }
}

function entityHash(entity: Entity): string {
  return sha256(canonicalJson(entity as Json))
}

function bucketHash(bucket: ReadonlyMap<EntityKey, string> | undefined): string {
  if (!bucket || bucket.size === 0) return emptyBucket
  const entries = [...bucket].sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(entries.map(([key, hash]) => `${key}\0${hash}\0`).join(''))
}

function bucketOf(key: EntityKey): number {
  return createHash('sha256').update(key).digest().readUInt16BE(0) >> 4
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
