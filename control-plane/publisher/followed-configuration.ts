import type { EntityManager } from '@mikro-orm/postgresql'
import { ConfigurationTree } from '../../contract/configuration/tree.ts'
import type { HashedVersion } from './documents.ts'
import type { RecordedChange } from './revision.ts'
import { type IdentifiedRevision, readRevisionIdentity, readRevisionsFrom, storeHash } from './revisions.ts'
import { readWholeConfiguration } from './whole-configuration.ts'

/** Further behind than this, the tree is built anew from the entities. */
const revisionsAtOnce = 1_000

/** Keeps the hash that a revision turned out to have. */
type KeepHash = typeof storeHash

/** One revision on the way, and what it changed. */
export interface FollowedStep extends HashedVersion {
  readonly changes: RecordedChange
}

export interface Followed {
  readonly version: HashedVersion
  /** Where it stood before, and the steps from there: none where everything had to be read. */
  readonly from?: HashedVersion
  readonly steps: readonly FollowedStep[]
  /** The document of this version, where everything had to be read. */
  readonly snapshot?: string
}

/** One organization's configuration as a tree of hashes, kept at the newest committed revision. */
export class FollowedConfiguration {
  readonly #organizationId: string
  readonly #keepHash: KeepHash
  #tree = new ConfigurationTree()
  #version: HashedVersion | undefined
  /** When the revision that the tree stands at was committed. */
  #committedAt: string | undefined

  constructor(organizationId: string, keepHash: KeepHash = storeHash) {
    this.#organizationId = organizationId
    this.#keepHash = keepHash
  }

  /**
   * Comes up to date and keeps the hash of every revision on the way.
   *
   * @returns undefined when the organization has no configuration yet.
   */
  async follow(em: EntityManager): Promise<Followed | undefined> {
    const current = this.#version
    if (!current) return this.rebuild(em)
    const recorded = await readRevisionsFrom(em, this.#organizationId, current, revisionsAtOnce)
    // A failover may lose commits, and others take their numbers before anybody looks.
    if (!recorded || recorded.first.committedAt !== this.#committedAt) return this.rebuild(em)
    const { first, later } = recorded
    const isGapless = later.every(({ revision }, index) => revision === current.revision + 1 + index)
    if (!isGapless || later.length === revisionsAtOnce) return this.rebuild(em)
    // The transaction that was to store it may have failed.
    if (first.hash !== current.hash) await this.#keepHash(em, this.#organizationId, current, current.hash)
    return this.#advance(em, current, later)
  }

  /** Reads everything anew, which a snapshot needs anyway. */
  async rebuild(em: EntityManager): Promise<(Followed & { readonly snapshot: string }) | undefined> {
    const whole = await readWholeConfiguration(em, this.#organizationId)
    if (!whole) return undefined
    const { version, tree, snapshot } = whole
    await this.#keepHash(em, this.#organizationId, version, version.hash)
    this.#tree = tree
    this.#committedAt = (await readRevisionIdentity(em, this.#organizationId, version))?.committedAt
    this.#version = version
    return { version, steps: [], snapshot }
  }

  /** After a failure the tree may hold what the database does not. */
  forget(): void {
    this.#version = undefined
  }

  async #advance(
    em: EntityManager,
    from: HashedVersion,
    revisions: readonly IdentifiedRevision[],
  ): Promise<Followed> {
    const steps: FollowedStep[] = []
    for (const { revision, changes, hash: stored, committedAt } of revisions) {
      for (const entity of changes.upserts) this.#tree.set(entity)
      for (const key of changes.removals) this.#tree.delete(key)
      const version = { epoch: from.epoch, revision, hash: this.#tree.root() }
      if (stored !== version.hash) await this.#keepHash(em, this.#organizationId, version, version.hash)
      steps.push({ ...version, changes })
      this.#version = version
      this.#committedAt = committedAt
    }
    return { version: this.#version ?? from, from, steps }
  }
}
