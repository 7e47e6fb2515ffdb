import type { EntityManager } from '@mikro-orm/postgresql'
import { compareVersions, type Head } from '../../contract/configuration/documents.ts'
import type { ConfigPublication } from '../../transport/config-channel.ts'
import { keptDeltas } from '../../transport/config-channel.ts'
import type { BackgroundDependencies } from '../background/dependencies.ts'
import { CredentialsInStore } from './credentials-in-store.ts'
import {
  deltaDocument,
  type HashedVersion,
  headDocument,
  openHeadDocument,
  snapshotDocument,
} from './documents.ts'
import { FollowedConfiguration } from './followed-configuration.ts'
import { RefusedDocuments } from './refused-documents.ts'
import { beginEpoch } from './revision.ts'
import { readRevisionsAfter, readRevocations } from './revisions.ts'

/** Another control plane that renewed the head this recently has done our work. */
const renewedRecentlyMs = 2_500
/** So many revisions after the last snapshot, or bytes of deltas, the next one is due. */
const snapshotEveryRevisions = 512
const snapshotEveryBytes = 4 * 1024 * 1024
const revocationsInHead = { hours: 24, most: 10_000 }

type Delta = ConfigPublication['deltas'][number]

/** Keeps what the store says about one organization true. Any number of control planes may do so at once. */
export class OrganizationPublisher {
  readonly #deps: BackgroundDependencies
  readonly #organizationId: string
  readonly #configuration: FollowedConfiguration
  readonly #credentials: CredentialsInStore
  readonly #refused: RefusedDocuments
  /** The snapshot in the store, as far as this process knows, and the bytes of deltas written since. */
  #snapshot: { readonly revision: number; deltaBytes: number } | undefined

  constructor(deps: BackgroundDependencies, organizationId: string) {
    this.#deps = deps
    this.#organizationId = organizationId
    this.#configuration = new FollowedConfiguration(organizationId)
    this.#credentials = new CredentialsInStore(deps.secrets, organizationId)
    this.#refused = new RefusedDocuments(organizationId, deps.now)
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

  async #syncExclusively(em: EntityManager): Promise<{ error: unknown } | undefined> {
    // One publisher at a time: otherwise a slow one could write an older head over a newer one.
    await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `gatehouse/publish/${this.#organizationId}`,
    ])
    const version = await this.#configuration.follow(em)
    if (!version) return undefined
    try {
      await this.#publish(em, version)
      return undefined
    } catch (error) {
      return { error }
    }
  }

  async #publish(em: EntityManager, version: HashedVersion): Promise<void> {
    const { transport, secrets, log, now } = this.#deps
    const { head, hasSnapshot } = await transport.config.published(this.#organizationId)
    const signers = await secrets.signers.read(em)
    const stored = openHeadDocument(signers, this.#organizationId, head)
    if (stored && isOfAnotherLineage(stored, version)) {
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
    if (deltas?.length === 0 && !credentials && this.#snapshot && isFresh(stored, now())) return
    if (deltas && !this.#isSnapshotDue(version)) {
      await this.#write(em, version, { deltas, ...(credentials && { credentials }) })
      this.#snapshot = { ...this.#snapshotOr(version), deltaBytes: this.#bytesWith(deltas) }
    } else {
      await this.#publishWhole(em, { deltas: deltas ?? [], ...(credentials && { credentials }) }, !deltas)
    }
    this.#credentials.written()
  }

  async #publishWhole(
    em: EntityManager,
    parts: Pick<ConfigPublication, 'deltas' | 'credentials'>,
    dropDeltas: boolean,
  ): Promise<void> {
    const whole = await this.#configuration.rebuild(em)
    if (!whole) return
    const snapshot = snapshotDocument(this.#organizationId, whole.version, whole.entities)
    await this.#write(em, whole.version, { ...parts, snapshot, dropDeltas })
    this.#snapshot = { revision: whole.version.revision, deltaBytes: 0 }
  }

  async #write(
    em: EntityManager,
    version: HashedVersion,
    parts: Omit<ConfigPublication, 'organizationId' | 'head'>,
  ): Promise<void> {
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

  #isSnapshotDue({ revision }: HashedVersion): boolean {
    return (
      !this.#snapshot ||
      revision - this.#snapshot.revision >= snapshotEveryRevisions ||
      this.#snapshot.deltaBytes >= snapshotEveryBytes
    )
  }

  #snapshotOr({ revision }: HashedVersion) {
    return this.#snapshot ?? { revision, deltaBytes: 0 }
  }

  #bytesWith(deltas: readonly Delta[]): number {
    const added = deltas.reduce((sum, { document }) => sum + document.length, 0)
    return (this.#snapshot?.deltaBytes ?? 0) + added
  }
}

/** Published is what this database never held: a later version, or another content of the same one. */
function isOfAnotherLineage(stored: Head, version: HashedVersion): boolean {
  const order = compareVersions(stored, version)
  return order > 0 || (order === 0 && stored.hash !== version.hash)
}

function isFresh(stored: Head | undefined, now: number): boolean {
  if (!stored) return false
  const ageMs = now - stored.issuedAt
  return ageMs >= 0 && ageMs < renewedRecentlyMs
}
