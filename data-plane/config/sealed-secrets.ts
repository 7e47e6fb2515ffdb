import { compareVersions, type Version } from '../../contract/configuration/documents.ts'
import type { ConfigChannel } from '../../transport/config-channel.ts'
import { openCredentials, Secrets } from './credentials.ts'
import type { ConfigurationDisk } from './disk.ts'
import type { EntityIndex } from './entity-index.ts'
import { type Identity, withRetiredKeys } from './identity.ts'
import type { ConfigurationLog } from './log.ts'
import { ConfigurationRefused } from './refusal.ts'
import { everything } from './relations.ts'

/** Keeps the secrets current: from the disk at the start, then from the channel whenever a revision may change them. */
export class SealedSecrets {
  readonly secrets = new Secrets()
  readonly #identity: Identity
  readonly #disk: ConfigurationDisk
  readonly #log: ConfigurationLog
  /** As they came, to tell new ones from known ones, whether these were accepted or not. */
  #known: string | undefined
  #readAt: Version | undefined
  #problem: string | null = null

  constructor(identity: Identity, disk: ConfigurationDisk, log: ConfigurationLog) {
    this.#identity = identity
    this.#disk = disk
    this.#log = log
  }

  /** Why the newest credentials are not in use, or which are missing; null when all is well. */
  get problem(): string | null {
    return this.#problem
  }

  /** The newest credentials on disk that can be opened. */
  async load(): Promise<void> {
    for (const sealed of await this.#disk.readCredentials()) {
      if (await this.#adopt(sealed, withRetiredKeys(this.#identity))) return
    }
  }

  /** Takes sealed credentials into use and onto the disk. Refused ones leave those in use as they are. */
  async receive(sealed: string): Promise<void> {
    if (sealed === this.#known) return
    if (!(await this.#adopt(sealed))) return
    try {
      await this.#disk.saveCredentials(sealed)
    } catch (error) {
      this.#log.error(
        { err: error },
        'the credentials could not be saved: a restart would begin with older ones',
      )
    }
  }

  /** Reads the channel when the head moved since the last time, or as long as a secret is missing. */
  async refresh(channel: ConfigChannel, head: Version, index: EntityIndex | undefined): Promise<void> {
    const isCurrent = this.#readAt !== undefined && compareVersions(this.#readAt, head) === 0
    if (isCurrent && this.secrets.available && this.#missing(index) === undefined) return
    const sealed = await channel.readCredentials(this.#identity.dataPlaneId)
    if (sealed !== null) await this.receive(sealed)
    this.#readAt = { epoch: head.epoch, revision: head.revision }
  }

  /** Notes which secrets a configuration needs and does not have. */
  check(index: EntityIndex): void {
    const missing = this.#missing(index)
    if (missing) this.#problem = `the credentials lack the secret of ${missing}`
    else if (this.#problem?.startsWith('the credentials lack')) this.#problem = null
  }

  /**
   * Older ones are no problem: the control plane seals anew for each answer of its own, but writes into the store only
   * what has changed, so that who comes back from the second way finds there what it is ahead of.
   *
   * @returns whether they are in use now.
   */
  async #adopt(sealed: string, trust = this.#identity): Promise<boolean> {
    this.#known = sealed
    try {
      const isAdopted = this.secrets.adopt(await openCredentials(sealed, this.#identity, trust))
      this.#problem = null
      return isAdopted
    } catch (error) {
      if (!(error instanceof ConfigurationRefused)) throw error
      this.#problem = error.message
      this.#log.error({ reason: error.message }, 'credentials were refused')
      return false
    }
  }

  #missing(index: EntityIndex | undefined): string | undefined {
    for (const provider of index?.partsOf('provider', everything) ?? []) {
      for (const key of index?.partsOf('provider_key', `provider/${provider.id}`) ?? []) {
        if (key.active && !this.secrets.has(key.credentialId)) return `provider_key/${key.id}`
      }
    }
    return undefined
  }
}
