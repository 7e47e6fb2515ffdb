import type { EntityManager } from '@mikro-orm/postgresql'
import { compareVersions, type Head } from '../../contract/configuration/documents.ts'
import type { ConfigPublication } from '../../transport/config-channel.ts'
import { keptDeltas } from '../../transport/config-channel.ts'
import type { BackgroundDependencies } from '../background/dependencies.ts'
import { CredentialsInStore } from './credentials-in-store.ts'
import { deltaDocument, type HashedVersion, headDocument, openHeadDocument } from './documents.ts'
import { type Followed, FollowedConfiguration } from './followed-configuration.ts'
import { RefusedDocuments } from './refused-documents.ts'
import { beginEpoch } from './revision.ts'
import { readRevisionIdentity, readRevisionsAfter, readRevocations, revocationsInHead } from './revisions.ts'
import { SnapshotRenewal } from './snapshot-renewal.ts'

/** Another control plane that renewed the head this recently has done our work. */
const renewedRecentlyMs = 2_500

type Delta = ConfigPublication['deltas'][number]
type Parts = Omit<ConfigPublication, 'organizationId' | 'head'>

/** Keeps what the store says about one organization true. Any number of control planes may do so at once. */
export class OrganizationPublisher {
  readonly #deps: BackgroundDependencies
  readonly #organizationId: string
  readonly #configuration: FollowedConfiguration
  readonly #credentials: CredentialsInStore
  readonly #refused: RefusedDocuments
  readonly #snapshots: SnapshotRenewal

  constructor(deps: BackgroundDependencies, organizationId: string) {
    this.#deps = deps
    this.#organizationId = organizationId
    this.#configuration = new FollowedConfiguration(organizationId)
    this.#credentials = new CredentialsInStore(deps.secrets, organizationId)
    this.#refused = new RefusedDocuments(organizationId, deps.now)
    this.#snapshots = new SnapshotRenewal(deps, organizationId)
  }

  /**
   * Publishes the newest committed version, or renews its head.
   *
   * @throws TransportUnavailable when the store is away; hashes are stored all the same.
   */
  async sync(): Promise<void> {
    const work = this.#deps.database.transaction(this.#organizationId, (em) => this.#syncExclusively(em))
    const outage = await work.catch((error: unknown) => {
      this.#configuration.forget()
      throw error
    })
    if (outage) throw outage.error
  }

  /** Resolves when nothing is being written any more. */
  stop(): Promise<void> {
    return this.#snapshots.stop()
  }

  async #syncExclusively(em: EntityManager): Promise<{ error: unknown } | undefined> {
    // One publisher at a time: otherwise a slow one could write an older head over a newer one.
    await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `gatehouse/publish/${this.#organizationId}`,
    ])
    const followed = await this.#configuration.follow(em)
    if (!followed) return undefined
    try {
      await this.#publish(em, followed)
      return undefined
    } catch (error) {
      return { error }
    }
  }

  async #publish(em: EntityManager, followed: Followed): Promise<void> {
    const { version } = followed
    const { transport, secrets, log, now } = this.#deps
    const { head, hasSnapshot } = await transport.config.published(this.#organizationId)
    const signers = await secrets.signers.read(em)
    const stored = openHeadDocument(signers, this.#organizationId, head)
    if (stored && (await this.#isOfAnotherLineage(em, stored, version))) {
      log.error(
        { organizationId: this.#organizationId, published: stored.revision, known: version.revision },
        'the database does not know what was published, so it was restored from a backup: beginning a new epoch',
      )
      await beginEpoch(em, this.#organizationId, stored.epoch)
      return
    }
    const isIntact = stored && hasSnapshot && !(await this.#refused.claimRewrite(em))
    const deltas = isIntact ? await this.#deltasAfter(em, stored, version) : undefined
    const credentials = await this.#credentials.outdated(em, version, signers, deltas === undefined)
    const parts = { deltas: deltas ?? [], ...(credentials && { credentials }) }
    if (!deltas) await this.#publishWhole(em, followed, { ...parts, dropDeltas: true })
    else if (followed.snapshot !== undefined) await this.#publishWhole(em, followed, parts)
    else if (deltas.length > 0 || credentials || !isFresh(stored, now())) {
      await this.#write(em, version, parts)
    }
    this.#snapshots.published(version, bytesOf(parts.deltas))
    this.#credentials.written()
  }

  /** Published is what this database does not hold: a later version, or another content of one that it has. */
  async #isOfAnotherLineage(em: EntityManager, stored: Head, version: HashedVersion): Promise<boolean> {
    const order = compareVersions(stored, version)
    if (order > 0 || stored.epoch !== version.epoch) return order > 0
    const held = await readRevisionIdentity(em, this.#organizationId, stored)
    return held !== undefined && held.hash !== stored.hash
  }

  async #publishWhole(em: EntityManager, followed: Followed, parts: Parts): Promise<void> {
    const { version, snapshot } =
      followed.snapshot === undefined ? ((await this.#configuration.rebuild(em)) ?? followed) : followed
    await this.#snapshots.lock(em)
    await this.#write(em, version, { ...parts, ...(snapshot !== undefined && { snapshot }) })
    this.#snapshots.renewed(version)
  }

  async #write(em: EntityManager, version: HashedVersion, parts: Parts): Promise<void> {
    const { transport, secrets, now } = this.#deps
    const signers = await secrets.signers.read(em)
    const revoked = await readRevocations(em, this.#organizationId, revocationsInHead)
    const head = headDocument(signers, this.#organizationId, { ...version, issuedAt: now(), revoked })
    await transport.config.publish({ organizationId: this.#organizationId, head, ...parts })
  }

  /** What leads from the stored head to `version`; undefined when only a snapshot does. */
  async #deltasAfter(em: EntityManager, stored: Head, version: HashedVersion): Promise<Delta[] | undefined> {
    if (stored.epoch !== version.epoch) return undefined
    if (stored.revision === version.revision) return []
    const revisions = await readRevisionsAfter(em, this.#organizationId, stored, keptDeltas)
    const deltas: Delta[] = []
    for (const { revision, changes, hash } of revisions) {
      if (revision > version.revision) break
      if (hash === null || revision !== stored.revision + 1 + deltas.length) return undefined
      const delta = deltaDocument(this.#organizationId, { epoch: version.epoch, revision, hash }, changes)
      deltas.push({ revision, document: delta })
    }
    return deltas.at(-1)?.revision === version.revision ? deltas : undefined
  }
}

function bytesOf(deltas: readonly Delta[]): number {
  return deltas.reduce((sum, { document }) => sum + document.length, 0)
}

function isFresh(stored: Head | undefined, now: number): boolean {
  if (!stored) return false
  const ageMs = now - stored.issuedAt
  return ageMs >= 0 && ageMs < renewedRecentlyMs
}
