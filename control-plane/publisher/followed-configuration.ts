import type { EntityManager } from '@mikro-orm/postgresql'
import { ConfigurationTree } from '../../contract/configuration/tree.ts'
import type { HashedVersion } from './documents.ts'
import { readRevisionIdentity, readRevisionsAfter, readVersion, storeHash } from './revisions.ts'
import { readWholeConfiguration } from './whole-configuration.ts'

/** Further behind than this, the tree is built anew from the entities. */
const revisionsAtOnce = 1_000

/** Keeps the hash that a revision turned out to have. */
type KeepHash = typeof storeHash

export interface Followed {
  readonly version: HashedVersion
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
    const newest = await readVersion(em, this.#organizationId)
    if (!newest) return undefined
    const current = this.#version
    if (!current || current.epoch !== newest.epoch || (await this.#isLost(em, current)))
      return this.rebuild(em)
    if (current.revision === newest.revision) {
      // The transaction that was to store it may have failed.
      if (newest.hash !== current.hash) await this.#keepHash(em, this.#organizationId, current, current.hash)
      return { version: current }
    }
    return this.#advance(em, current)
  }

  /** Reads everything anew, which a snapshot needs anyway. */
  async rebuild(em: EntityManager): Promise<Required<Followed> | undefined> {
    const whole = await readWholeConfiguration(em, this.#organizationId)
    if (!whole) return undefined
    const { version, tree, snapshot } = whole
    await this.#keepHash(em, this.#organizationId, version, version.hash)
    this.#tree = tree
    await this.#standAt(em, version)
    return { version, snapshot }
  }

  /** A failover may lose commits, and others take their numbers before anybody looks. */
  async #isLost(em: EntityManager, version: HashedVersion): Promise<boolean> {
    const found = await readRevisionIdentity(em, this.#organizationId, version)
    return found === undefined || found.committedAt !== this.#committedAt
  }

  async #standAt(em: EntityManager, version: HashedVersion): Promise<void> {
    this.#committedAt = (await readRevisionIdentity(em, this.#organizationId, version))?.committedAt
    this.#version = version
  }

  /** After a failure the tree may hold what the database does not. */
  forget(): void {
    this.#version = undefined
  }

  async #advance(em: EntityManager, current: HashedVersion): Promise<Followed | undefined> {
    const revisions = await readRevisionsAfter(em, this.#organizationId, current, revisionsAtOnce)
    const gapless = revisions.every(({ revision }, index) => revision === current.revision + 1 + index)
    if (!gapless || revisions.length === revisionsAtOnce) return this.rebuild(em)
    let version = current
    for (const { revision, changes, hash: stored } of revisions) {
      for (const entity of changes.upserts) this.#tree.set(entity)
      for (const key of changes.removals) this.#tree.delete(key)
      version = { epoch: current.epoch, revision, hash: this.#tree.root() }
      if (stored !== version.hash) await this.#keepHash(em, this.#organizationId, version, version.hash)
    }
    await this.#standAt(em, version)
    return { version }
  }
}
