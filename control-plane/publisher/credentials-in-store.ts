import type { EntityManager } from '@mikro-orm/postgresql'
import type { Version } from '../../contract/configuration/documents.ts'
import { keyOf } from '../../contract/configuration/entities.ts'
import { listRecipients } from '../modules/data-planes/index.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { InstallationSigners } from '../secrets/signers.ts'
import { sealCredentials } from './credentials.ts'
import { listDataPlaneSecretIds, openDataPlaneSecrets } from './data-plane-secrets.ts'
import type { Followed, FollowedStep } from './followed-configuration.ts'

/** Of the documents that name who receives credentials, or a secret: neither changes without one of them. */
const concerned = ['data_plane/', 'provider/', 'provider_key/', 'token_issuer/']

function mayConcernCredentials({ changes: { upserts, removals } }: FollowedStep): boolean {
  const keys = [...upserts.map(keyOf), ...removals]
  return keys.some((key) => concerned.some((kind) => key.startsWith(kind)))
}

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
   * The credentials to write with what was followed, by data plane (null: to be deleted), or undefined when those in the
   * store are still right.
   */
  async outdated(
    em: EntityManager,
    { version, from, steps }: Followed,
    signers: InstallationSigners,
    storeWasEmptied: boolean,
  ): Promise<ReadonlyMap<string, string | null> | undefined> {
    const wasRight = from !== undefined && this.#isCheckedAt(from, signers) && !storeWasEmptied
    if (wasRight && !steps.some(mayConcernCredentials)) {
      this.#checkedAt = { ...version, signers: signers.version }
      return undefined
    }
    const { enrolled, revoked } = await listRecipients(em, this.#organizationId)
    const secretIds = await listDataPlaneSecretIds(em, this.#organizationId)
    this.#madeFor = JSON.stringify([enrolled.map(({ id }) => id), ...[revoked, secretIds, signers.version]])
    this.#checkedAt = { ...version, signers: signers.version }
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

  #isCheckedAt({ epoch, revision }: Version, signers: InstallationSigners): boolean {
    const checked = this.#checkedAt
    return checked?.epoch === epoch && checked.revision === revision && checked.signers === signers.version
  }

  /** What `outdated` answered is in the store. */
  written(): void {
    this.#writtenFor = this.#madeFor
  }
}
