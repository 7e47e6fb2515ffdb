import type { Head } from '../../contract/configuration/documents.ts'
import type { ConfigurationDisk } from './disk.ts'
import type { ConfigurationLog } from './log.ts'
import { nameVersion } from './verify.ts'

/** After a restart the configuration seems older than it is by no more than this. */
const saveEveryMs = 10_000

interface SeenHead {
  readonly envelope: string
  readonly revoked: readonly string[]
}

/**
 * The newest verified head on disk, applied or not: after a restart it still says which keys are revoked. With it stay
 * the earlier ones that revoke what it no longer names and the configuration in use does not know.
 */
export class SeenHeads {
  readonly #disk: ConfigurationDisk
  readonly #log: ConfigurationLog
  /** The newest first. */
  #heads: readonly SeenHead[] = []
  #savedIssuedAt = 0

  constructor(disk: ConfigurationDisk, log: ConfigurationLog) {
    this.#disk = disk
    this.#log = log
  }

  /** Whether this head says what the saved one says, but so much later that it is to be saved too. */
  isDue({ issuedAt }: Head): boolean {
    return issuedAt - this.#savedIssuedAt >= saveEveryMs
  }

  /** @param needed the keys that the configuration in use may still have as active. */
  async save(envelope: string, head: Head, needed: ReadonlySet<string>): Promise<void> {
    this.#savedIssuedAt = head.issuedAt
    const named = new Set(head.revoked)
    const kept: SeenHead[] = [{ envelope, revoked: head.revoked }]
    for (const earlier of this.#heads) {
      const unnamed = earlier.revoked.filter((id) => needed.has(id) && !named.has(id))
      if (unnamed.length === 0) continue
      kept.push(earlier)
      for (const id of unnamed) named.add(id)
    }
    this.#heads = kept
    try {
      await this.#disk.saveSeenHeads(kept.map((seen) => seen.envelope).reverse())
    } catch (error) {
      this.#log.error(
        { err: error },
        'the newest head could not be saved: a restart would not know what it revoked',
      )
    }
  }

  /** @param look judges a head as if it had just come. */
  async restore(look: (envelope: string) => Head): Promise<void> {
    for (const envelope of await this.#disk.readSeenHeads()) {
      try {
        const head = look(envelope)
        this.#heads = [{ envelope, revoked: head.revoked }, ...this.#heads]
        this.#log.info({ version: nameVersion(head) }, 'restored a head seen before the restart')
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.#log.warn({ reason }, 'a head seen before the restart cannot be used')
      }
    }
  }
}
