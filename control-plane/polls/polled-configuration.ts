import type { EntityManager } from '@mikro-orm/postgresql'
import type { JWK } from 'jose'
import type { WritableBundle } from '../../contract/configuration/bundle.ts'
import { compareVersions, type Version } from '../../contract/configuration/documents.ts'
import type { ConfigurationPoll } from '../../contract/configuration-poll.ts'
import type { Database } from '../db/database.ts'
import { sealCredentials } from '../publisher/credentials.ts'
import { openDataPlaneSecrets } from '../publisher/data-plane-secrets.ts'
import { deltaDocument, type HashedVersion, headDocument } from '../publisher/documents.ts'
import { FollowedConfiguration } from '../publisher/followed-configuration.ts'
import { readRevisionsAfter, readRevocations, revocationsInHead } from '../publisher/revisions.ts'
import type { Secrets } from '../secrets/secrets.ts'

export interface PolledDependencies {
  readonly database: Database
  readonly secrets: Secrets
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** More revisions than this are read faster as a snapshot. */
const mostDeltas = 512

/** What the answer to a poll is made of, apart from its head. */
type Documents = Pick<WritableBundle, 'snapshot' | 'deltas'> & { readonly version: HashedVersion }

/**
 * One organization's configuration for those that ask for it: made from PostgreSQL, and as it would stand in the
 * store. It writes nothing and takes no lock, so that no publisher that waits for a store that is silent holds it up.
 */
export class PolledConfiguration {
  readonly #deps: PolledDependencies
  readonly #organizationId: string
  /** Of the lately followed revisions; the publisher may not have stored them yet. */
  readonly #hashes = new Map<string, string>()
  readonly #followed: FollowedConfiguration
  /** Shared by all answers that begin with one. */
  #snapshot: { readonly version: HashedVersion; readonly document: Buffer } | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: PolledDependencies, organizationId: string) {
    this.#deps = deps
    this.#organizationId = organizationId
    this.#followed = new FollowedConfiguration(organizationId, async (_em, _id, version, hash) => {
      this.#hashes.set(nameOf(version), hash)
      const [oldest] = this.#hashes.keys()
      if (this.#hashes.size > 2 * mostDeltas && oldest !== undefined) this.#hashes.delete(oldest)
    })
  }

  /** The answer, or undefined when there is nothing newer and the poll may wait for it. */
  answer(
    poll: ConfigurationPoll,
    sealingKey: JWK,
    { mayWait }: { readonly mayWait: boolean },
  ): Promise<WritableBundle | undefined> {
    return this.#inTurn((em) => this.#answer(em, poll, sealingKey, mayWait))
  }

  /** One after the other: they move the same tree. */
  #inTurn<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => this.#deps.database.transaction(this.#organizationId, work))
    this.#turn = turn.catch(() => this.#followed.forget())
    return turn
  }

  async #answer(
    em: EntityManager,
    poll: ConfigurationPoll,
    sealingKey: JWK,
    mayWait: boolean,
  ): Promise<WritableBundle | undefined> {
    const followed = await this.#followed.follow(em)
    if (!followed) return undefined
    const { version } = followed
    if (followed.snapshot !== undefined) this.#keepSnapshot(version, followed.snapshot)
    const isNews = !poll.offered || compareVersions(version, poll.offered) > 0
    if (!isNews && !poll.needsCredentials && mayWait) return undefined
    const documents = isNews ? await this.#documents(em, poll.from, version) : undefined
    const stated = documents?.version ?? version
    return {
      head: await this.#head(em, stated),
      credentials:
        isNews || poll.needsCredentials ? await this.#credentials(em, poll, sealingKey, stated) : null,
      snapshot: documents?.snapshot ?? null,
      deltas: documents?.deltas ?? [],
    }
  }

  async #head(em: EntityManager, version: HashedVersion): Promise<string> {
    const { secrets, now } = this.#deps
    const signers = await secrets.signers.read(em)
    const revoked = await readRevocations(em, this.#organizationId, revocationsInHead)
    return headDocument(signers, this.#organizationId, { ...version, issuedAt: now(), revoked })
  }

  async #credentials(
    em: EntityManager,
    { dataPlaneId }: ConfigurationPoll,
    sealingKey: JWK,
    version: Version,
  ): Promise<string> {
    const { secrets } = this.#deps
    const dataPlaneSecrets = await openDataPlaneSecrets(em, secrets, this.#organizationId)
    const signers = await secrets.signers.read(em)
    const recipient = { id: dataPlaneId, sealingKey }
    return sealCredentials(secrets, signers, this.#organizationId, recipient, version, dataPlaneSecrets)
  }

  async #documents(em: EntityManager, from: Version | null, version: HashedVersion): Promise<Documents> {
    const deltas = from && (await this.#deltas(em, from, version))
    if (deltas) return { version, snapshot: null, deltas }
    if (this.#snapshot) {
      const since = await this.#deltas(em, this.#snapshot.version, version)
      if (since) return { version, snapshot: this.#snapshot.document, deltas: since }
    }
    const whole = await this.#followed.rebuild(em)
    if (!whole) throw new Error(`the configuration of ${this.#organizationId} is gone`)
    const document = this.#keepSnapshot(whole.version, whole.snapshot)
    return { version: whole.version, snapshot: document, deltas: [] }
  }

  #keepSnapshot(version: HashedVersion, snapshot: string): Buffer {
    const document = Buffer.from(snapshot)
    this.#snapshot = { version, document }
    return document
  }

  /** What leads from one version to the other; undefined when only a snapshot does. */
  async #deltas(em: EntityManager, from: Version, to: HashedVersion): Promise<string[] | undefined> {
    const distance = to.revision - from.revision
    if (from.epoch !== to.epoch || distance < 0 || distance > mostDeltas) return undefined
    const revisions = await readRevisionsAfter(em, this.#organizationId, from, distance)
    const deltas: string[] = []
    for (const { revision, changes, hash: stored } of revisions) {
      const version = { epoch: to.epoch, revision }
      const hash = stored ?? this.#hashes.get(nameOf(version))
      if (hash === undefined || revision !== from.revision + 1 + deltas.length) return undefined
      deltas.push(deltaDocument(this.#organizationId, { ...version, hash }, changes))
    }
    return deltas.length === distance ? deltas : undefined
  }
}

function nameOf({ epoch, revision }: Version): string {
  return `${epoch}/${revision}`
}
