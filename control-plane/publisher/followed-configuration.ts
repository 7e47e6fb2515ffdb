import type { EntityManager } from '@mikro-orm/postgresql'
import type { Entity } from '../../contract/configuration/entities.ts'
import { ConfigurationTree } from '../../contract/configuration/tree.ts'
import type { HashedVersion } from './documents.ts'
import { readConfiguration, readRevisionsAfter, readVersion, storeHash } from './revisions.ts'

/** Further behind than this, the tree is built anew from the entities. */
const revisionsAtOnce = 1_000

/** Keeps the hash that a revision turned out to have. */
type KeepHash = typeof storeHash

/** One organization's configuration as a tree of hashes, kept at the newest committed revision. */
export class FollowedConfiguration {
  readonly #organizationId: string
  readonly #keepHash: KeepHash
  #tree = new ConfigurationTree()
  #version: HashedVersion | undefined

  constructor(organizationId: string, keepHash: KeepHash = storeHash) {
    this.#organizationId = organizationId
    this.#keepHash = keepHash
  }

  /**
   * Comes up to date and keeps the hash of every revision on the way.
   *
   * @returns undefined when the organization has no configuration yet.
   */
  async follow(em: EntityManager): Promise<HashedVersion | undefined> {
    const newest = await readVersion(em, this.#organizationId)
    if (!newest) return undefined
    const current = this.#version
    if (!current || current.epoch !== newest.epoch || current.revision > newest.revision) {
      return (await this.rebuild(em))?.version
    }
    if (current.revision === newest.revision) {
      // The transaction that was to store it may have failed.
      if (newest.hash !== current.hash) await this.#keepHash(em, this.#organizationId, current, current.hash)
      return current
    }
    return this.#advance(em, current)
  }

  /** Reads everything anew, which a snapshot needs anyway. */
  async rebuild(em: EntityManager): Promise<{ version: HashedVersion; entities: Entity[] } | undefined> {
    const configuration = await readConfiguration(em, this.#organizationId)
    if (!configuration) return undefined
    const { epoch, revision, entities } = configuration
    this.#tree = new ConfigurationTree()
    for (const entity of entities) this.#tree.set(entity)
    const version = { epoch, revision, hash: this.#tree.root() }
    await this.#keepHash(em, this.#organizationId, version, version.hash)
    this.#version = version
    return { version, entities }
  }

  /** After a failure the tree may hold what the database does not. */
  forget(): void {
    this.#version = undefined
  }

  async #advance(em: EntityManager, current: HashedVersion): Promise<HashedVersion | undefined> {
    const revisions = await readRevisionsAfter(em, this.#organizationId, current, revisionsAtOnce)
    const gapless = revisions.every(({ revision }, index) => revision === current.revision + 1 + index)
    if (!gapless || revisions.length === revisionsAtOnce) return (await this.rebuild(em))?.version
    let version = current
    for (const { revision, changes, hash: stored } of revisions) {
      for (const entity of changes.upserts) this.#tree.set(entity)
      for (const key of changes.removals) this.#tree.delete(key)
      version = { epoch: current.epoch, revision, hash: this.#tree.root() }
      if (stored !== version.hash) await this.#keepHash(em, this.#organizationId, version, version.hash)
    }
    this.#version = version
    return version
  }
}
