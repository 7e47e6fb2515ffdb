import type { EntityManager } from '@mikro-orm/postgresql'
import type { Version } from '../../contract/configuration/documents.ts'
import { listRecipients } from '../modules/data-planes/index.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { InstallationSigners } from '../secrets/signers.ts'
import { sealCredentials } from './credentials.ts'
import { listDataPlaneSecretIds, openDataPlaneSecrets } from './data-plane-secrets.ts'

/** Knows when the sealed credentials in the store no longer fit the data planes or the secrets of data planes. */
export class CredentialsInStore {
  readonly #secrets: Secrets
  readonly #organizationId: string
  #checkedAt: (Version & { readonly signers: number }) | undefined
  #writtenFor: string | undefined
  #madeFor: string | undefined

  constructor(secrets: Secrets, organizationId: string) {
    this.#secrets = secrets
    this.#organizationId = organizationId
  }

  /**
   * The credentials to write with `version`, by data plane (null: to be deleted), or undefined when those in the
   * store are still right. Data planes and secrets of data planes change only with a revision, the
   * signers without one.
   */
  async outdated(
    em: EntityManager,
    version: Version,
    signers: InstallationSigners,
    storeWasEmptied: boolean,
  ): Promise<ReadonlyMap<string, string | null> | undefined> {
    const sameRevision =
      this.#checkedAt?.epoch === version.epoch &&
      this.#checkedAt.revision === version.revision &&
      this.#checkedAt.signers === signers.version
    if (sameRevision && !storeWasEmptied) return undefined
    const { enrolled, revoked } = await listRecipients(em, this.#organizationId)
    const secretIds = await listDataPlaneSecretIds(em, this.#organizationId)
    this.#madeFor = JSON.stringify([enrolled.map(({ id }) => id), ...[revoked, secretIds, signers.version]])
    const { epoch, revision } = version
    this.#checkedAt = { epoch, revision, signers: signers.version }
    if (this.#madeFor === this.#writtenFor && !storeWasEmptied) return undefined
    // Until `written` says otherwise the next round tries again.
    this.#checkedAt = undefined

    const dataPlaneSecrets = await openDataPlaneSecrets(em, this.#secrets, this.#organizationId)
    const sealed = new Map<string, string | null>(revoked.map((id) => [id, null]))
    for (const recipient of enrolled) {
      const credentials = await sealCredentials(
        this.#secrets,
        signers,
        this.#organizationId,
        recipient,
        version,
        dataPlaneSecrets,
      )
      sealed.set(recipient.id, credentials)
    }
    return sealed
  }

  /** What `outdated` answered is in the store. */
  written(): void {
    this.#writtenFor = this.#madeFor
  }
}
