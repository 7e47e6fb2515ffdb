import type { EntityManager } from '@mikro-orm/postgresql'
import type { Version } from '../../contract/configuration/documents.ts'
import { listEnrolledDataPlanes, listRevokedDataPlaneIds } from '../modules/data-planes/index.ts'
import { listCredentialIds, openProviderSecrets } from '../modules/providers/index.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { sealCredentials } from './credentials.ts'

/** Knows when the sealed credentials in the store no longer fit the data planes or the provider secrets. */
export class CredentialsInStore {
  readonly #secrets: Secrets
  readonly #organizationId: string
  #checkedAt: Version | undefined
  #writtenFor: string | undefined
  #madeFor: string | undefined

  constructor(secrets: Secrets, organizationId: string) {
    this.#secrets = secrets
    this.#organizationId = organizationId
  }

  /**
   * The credentials to write with `version`, by data plane (null: to be deleted), or undefined when those in the
   * store are still right. Data planes and provider secrets change only with a revision.
   */
  async outdated(
    em: EntityManager,
    version: Version,
    storeWasEmptied: boolean,
  ): Promise<ReadonlyMap<string, string | null> | undefined> {
    const sameRevision =
      this.#checkedAt?.epoch === version.epoch && this.#checkedAt.revision === version.revision
    if (sameRevision && !storeWasEmptied) return undefined
    const enrolled = await listEnrolledDataPlanes(em, this.#organizationId)
    const revoked = await listRevokedDataPlaneIds(em, this.#organizationId)
    const credentialIds = await listCredentialIds(em, this.#organizationId)
    this.#madeFor = JSON.stringify([enrolled.map(({ id }) => id), revoked, credentialIds])
    this.#checkedAt = version
    if (this.#madeFor === this.#writtenFor && !storeWasEmptied) return undefined
    // Until `written` says otherwise the next round tries again.
    this.#checkedAt = undefined

    const providerSecrets = await openProviderSecrets(em, this.#secrets, this.#organizationId)
    const sealed = new Map<string, string | null>(revoked.map((id) => [id, null]))
    for (const recipient of enrolled) {
      const credentials = await sealCredentials(
        this.#secrets,
        this.#organizationId,
        recipient,
        version,
        providerSecrets,
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
