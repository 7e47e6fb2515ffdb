import type { EntityManager } from '@mikro-orm/postgresql'
import { compareVersions, type Version } from '../../contract/configuration/documents.ts'
import type { BackgroundDependencies } from '../background/dependencies.ts'
import { readWholeConfiguration } from './whole-configuration.ts'

/** So many revisions after the last snapshot, or bytes of deltas, the next one is due. */
const everyRevisions = 512
const everyBytes = 4 * 1024 * 1024

/**
 * Puts a new snapshot into the store from time to time, so that no data plane has far to go from it. It does so beside the
 * publications, which otherwise would wait for a large one.
 */
export class SnapshotRenewal {
  readonly #deps: BackgroundDependencies
  readonly #organizationId: string
  /** The snapshot in the store, as far as this process knows, and the bytes of deltas written since. */
  #newest: { readonly revision: number; deltaBytes: number } | undefined
  #published: Version | undefined
  #underWay: Promise<void> | undefined

  constructor(deps: BackgroundDependencies, organizationId: string) {
    this.#deps = deps
    this.#organizationId = organizationId
  }

  /**
   * To be held while a snapshot is written: of two writers the one with the older one must not come last.
   *
   * @param em of the transaction that holds it
   */
  async lock(em: EntityManager): Promise<void> {
    await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `gatehouse/snapshot/${this.#organizationId}`,
    ])
  }

  /** A snapshot was published with its head. */
  renewed({ revision }: Version): void {
    this.#newest = { revision, deltaBytes: 0 }
  }

  /** A head is published, and so many bytes of deltas with it. */
  published(version: Version, deltaBytes: number): void {
    this.#published = version
    if (this.#newest) this.#newest.deltaBytes += deltaBytes
    if (this.#isDue(version)) this.#underWay ??= this.#renew()
  }

  /** Resolves when none is being written any more. */
  async stop(): Promise<void> {
    await this.#underWay
  }

  #isDue({ revision }: Version): boolean {
    const newest = this.#newest
    return !newest || revision - newest.revision >= everyRevisions || newest.deltaBytes >= everyBytes
  }

  async #renew(): Promise<void> {
    const { database, log } = this.#deps
    try {
      await database.transaction(this.#organizationId, (em) => this.#write(em))
    } catch (error) {
      const fields = { organizationId: this.#organizationId, err: error }
      log.warn(fields, 'a snapshot could not be written; the next publication tries again')
    } finally {
      this.#underWay = undefined
    }
  }

  async #write(em: EntityManager): Promise<void> {
    await this.lock(em)
    const whole = await readWholeConfiguration(em, this.#organizationId)
    // Of a version that no head names yet it would be refused.
    if (!whole || !this.#published || compareVersions(whole.version, this.#published) > 0) return
    if (whole.version.epoch !== this.#published.epoch) return
    await this.#deps.transport.config.replaceSnapshot(this.#organizationId, whole.snapshot)
    this.renewed(whole.version)
  }
}
