import type { Head } from '../../contract/configuration/documents.ts'
import { RevokedKeys } from './kill-list.ts'
import { assertNotBackwards, openTrusted, readHead, readKillList, type Trust } from './verify.ts'

/** What a look at a head brought. */
export interface Sight {
  readonly head: Head
  /** Whether it says more than the newest head before it: a later version, or further revoked keys. */
  readonly news: boolean
}

/** Judges heads: whether they are authentic and never older than what was seen, and which keys they revoke. */
export class HeadWatch {
  readonly revokedKeys = new RevokedKeys()
  readonly #trust: Trust
  readonly #onRevoked: () => void
  #newest: Head | undefined
  #offered: Head | undefined

  /** @param onRevoked called when a head revoked a key, before anything else of that head is looked at. */
  constructor(trust: Trust, onRevoked: () => void) {
    this.#trust = trust
    this.#onRevoked = onRevoked
  }

  /** The newest authentic head, whether or not its configuration could be applied. */
  get newest(): Head | undefined {
    return this.#newest
  }

  /** The authentic head that was looked at last, followed or not; undefined when the last one was none. */
  get offered(): Head | undefined {
    return this.#offered
  }

  /**
   * @param trust whose heads these are; for one's own disk
   * @throws ConfigurationRefused when the head is not to be followed; its kill list counts all the same if signed.
   */
  look(envelope: string, trust = this.#trust): Sight {
    this.#offered = undefined
    const payload = openTrusted('gatehouse/config-head', envelope, trust)
    const killList = readKillList(payload, trust)
    const revokes = killList !== undefined && this.revokedKeys.add(killList)
    if (revokes) this.#onRevoked()
    const head = readHead(payload, trust)
    this.#offered = head
    const newest = this.#newest
    if (newest) assertNotBackwards(head, newest)
    const isLater = newest === undefined || newest.epoch !== head.epoch || newest.revision !== head.revision
    // An older statement of the same version is a replay; it must not make the head look fresher or staler.
    if (isLater || head.issuedAt > newest.issuedAt) this.#newest = head
    return { head, news: isLater || revokes }
  }
}
