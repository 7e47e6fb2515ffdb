import type { EntityManager } from '@mikro-orm/postgresql'
import { compareVersions, type Head, type Version } from '../../contract/configuration/documents.ts'
import type { ConfigPublication } from '../../transport/config-channel.ts'
import { keptDeltas } from '../../transport/config-channel.ts'
import type { BackgroundDependencies } from '../background/dependencies.ts'
import type { InstallationSigners } from '../secrets/signers.ts'
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
type Parts = Omit<ConfigPublication, 'organizationId' | 'head'> & { readonly signers: InstallationSigners }

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
   * @returns the version that the store is at, or undefined when that is for the next time to see.
   * @throws TransportUnavailable when the store is away; hashes are stored all the same.
   */
  async sync(): Promise<Version | undefined> {
    const work = this.#deps.database.transaction(this.#organizationId, (em) => this.#syncExclusively(em))
    const outcome = await work.catch((error: unknown) => {
      this.#configuration.forget()
      throw error
    })
    if ('error' in outcome) throw outcome.error
    return outcome.published
  }

  /** Resolves when nothing is being written any more. */
  stop(): Promise<void> {
    return this.#snapshots.stop()
  }

  /** An error that is an answer: what was stored on the way is committed. */
  async #syncExclusively(
    em: EntityManager,
  ): Promise<{ readonly published: Version | undefined } | { readonly error: unknown }> {
    // One publisher at a time: otherwise a slow one could write an older head over a newer one.
    await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `gatehouse/publish/${this.#organizationId}`,
    ])
    const followed = await this.#configuration.follow(em)
    if (!followed) return { published: undefined }
    try {
      return { published: await this.#publish(em, followed) }
    } catch (error) {
      return { error }
    }
  }

  async #publish(em: EntityManager, followed: Followed): Promise<Version | undefined> {
    const { version } = followed
    const { transport, secrets, log, now } = this.#deps
    const { head, hasSnapshot } = await transport.config.published(this.#organizationId)
    const signers = await secrets.signers.read(em)
    const stored = openHeadDocument(signers, this.#organizationId, head)
    if (stored && (await this.#isOfAnotherLineage(em, stored, followed))) {
      log.error(
        { organizationId: this.#organizationId, published: stored.revision, known: version.revision },
        'the database does not know what was published, so it was restored from a backup: beginning a new epoch',
      )
      await beginEpoch(em, this.#organizationId, { above: stored.epoch })
      return undefined
    }
    const isIntact = stored && hasSnapshot && !(await this.#refused.claimRewrite(em))
    const deltas = isIntact ? await this.#deltasAfter(em, stored, followed) : undefined
    const credentials = await this.#credentials.outdated(em, followed, signers, deltas === undefined)
    const parts = { signers, deltas: deltas ?? [], ...(credentials && { credentials }) }
    let published: Version = version
    if (!deltas) published = await this.#publishWhole(em, followed, { ...parts, dropDeltas: true })
    else if (followed.snapshot !== undefined) published = await this.#publishWhole(em, followed, parts)
    else if (deltas.length > 0 || credentials || !isFresh(stored, now())) {
      await this.#write(em, version, parts)
    }
    this.#snapshots.published(published, bytesOf(parts.deltas))
    this.#credentials.written()
    return published
  }

  /** Published is what this database does not hold: a later version, or another content of one that it has. */
  async #isOfAnotherLineage(em: EntityManager, stored: Head, { version, from }: Followed): Promise<boolean> {
    const order = compareVersions(stored, version)
    if (order > 0 || stored.epoch !== version.epoch) return order > 0
    const held =
      from?.revision === stored.revision ? from : await readRevisionIdentity(em, this.#organizationId, stored)
    return held !== undefined && held.hash !== stored.hash
  }

  async #publishWhole(em: EntityManager, followed: Followed, parts: Parts): Promise<Version> {
    const { version, snapshot } =
      followed.snapshot === undefined ? ((await this.#configuration.rebuild(em)) ?? followed) : followed
    await this.#snapshots.lock(em)
    await this.#write(em, version, { ...parts, ...(snapshot !== undefined && { snapshot }) })
    this.#snapshots.renewed(version)
    return version
  }

  async #write(em: EntityManager, version: HashedVersion, { signers, ...documents }: Parts): Promise<void> {
    const revoked = await readRevocations(em, this.#organizationId, revocationsInHead)
    const facts = { ...version, issuedAt: this.#deps.now(), revoked }
    const head = headDocument(signers, this.#organizationId, facts)
    const { config } = this.#deps.transport
    await config.publish({ organizationId: this.#organizationId, head, ...documents })
  }

  /** What leads from the stored head to `version`; undefined when only a snapshot does. */
  async #deltasAfter(em: EntityManager, stored: Head, followed: Followed): Promise<Delta[] | undefined> {
    const { version, from, steps } = followed
    if (stored.epoch !== version.epoch) return undefined
    if (stored.revision === version.revision) return []
    const revisions =
      from?.revision === stored.revision
        ? steps
        : await readRevisionsAfter(em, this.#organizationId, stored, keptDeltas)
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
