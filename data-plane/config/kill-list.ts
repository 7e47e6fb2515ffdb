import { compareVersions, type Version } from '../../contract/configuration/documents.ts'
import type { KillList } from './verify.ts'

/**
 * The keys that signed heads named as revoked and that the configuration in use may still have as active. An id
 * leaves only when a configuration is applied that is as new as the last head that named it: from then on the
 * configuration itself knows.
 */
export class RevokedKeys {
  readonly #lastNamed = new Map<string, Version>()

  /** @returns whether a key is on the list that was not on it before. */
  add({ epoch, revision, revoked }: KillList): boolean {
    const before = this.#lastNamed.size
    for (const id of revoked) {
      const known = this.#lastNamed.get(id)
      if (!known || compareVersions(known, { epoch, revision }) < 0)
        this.#lastNamed.set(id, { epoch, revision })
    }
    return this.#lastNamed.size > before
  }

  /**
   * Forgets what a configuration of this version knows by itself, but for what its own head still names.
   *
   * @returns whether the list became shorter.
   */
  applied(version: Version, revoked: readonly string[]): boolean {
    const before = this.#lastNamed.size
    const named = new Set(revoked)
    for (const [id, lastNamed] of this.#lastNamed) {
      if (!named.has(id) && compareVersions(lastNamed, version) <= 0) this.#lastNamed.delete(id)
    }
    return this.#lastNamed.size < before
  }

  ids(): ReadonlySet<string> {
    return new Set(this.#lastNamed.keys())
  }
}
