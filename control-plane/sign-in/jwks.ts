import { type VettedKey, vetKey } from './key-vetting.ts'
import type { SigningAlgorithm } from './provider-kinds.ts'

export const keySetBytes = 64 * 1024
const mostKeys = 50
const maxAgeMs = 10 * 60_000
/** A token that names an unknown key costs at most one fetch in this time, however many come. */
const cooldownMs = 30_000
/** Without any keys yet, a provider that did not answer is left alone for so long, whatever tokens come. */
const retryMs = 5_000
/** How long keys that cannot be fetched anew are believed: whoever cuts us off must not keep a withdrawn key alive. */
const mostStaleMs = 24 * 3_600_000

/** A set of keys of which none can be used. */
export class KeysUnusable extends Error {
  override readonly name = 'KeysUnusable'
}

export interface KeySet {
  readonly keys: readonly VettedKey[]
  /** Why others are not used, one text each. */
  readonly refused: readonly string[]
}

/** @throws KeysUnusable for a document that is no key set, has too many keys, or none that may verify. */
export function readKeySet(document: unknown): KeySet {
  const listed: unknown =
    typeof document === 'object' && document !== null && 'keys' in document ? document.keys : undefined
  if (!Array.isArray(listed)) throw new KeysUnusable('The provider’s key set has no list of keys')
  if (listed.length > mostKeys)
    throw new KeysUnusable(`The provider’s key set has more than ${mostKeys} keys`)
  const keys: VettedKey[] = []
  const refused: string[] = []
  for (const [index, candidate] of listed.entries()) {
    const vetted = vetKey(candidate)
    if (typeof vetted === 'string') refused.push(`Key ${index + 1} ${vetted}`)
    else keys.push(vetted)
  }
  if (keys.length === 0) {
    throw new KeysUnusable(['The provider has no key that may verify', ...refused].join('. '))
  }
  return { keys, refused }
}

interface Kept {
  readonly set: KeySet
  readonly fetchedAt: number
}

/** The keys of one provider. They are fetched when they are needed. */
export class KeyCache {
  readonly #load: () => Promise<unknown>
  readonly #now: () => number
  #kept: Kept | undefined
  #triedAt = Number.NEGATIVE_INFINITY
  /** What the last fetch failed with. */
  #failure: { readonly error: unknown; readonly at: number } | undefined
  #loading: Promise<KeySet> | undefined

  constructor(options: { readonly load: () => Promise<unknown>; readonly now: () => number }) {
    this.#load = options.load
    this.#now = options.now
  }

  /**
   * The key that a token names; undefined when this provider has none or several of that id and algorithm.
   *
   * @throws KeysUnusable, or whatever fetching fails with, when there are no keys to look in.
   */
  async find(kid: string | undefined, alg: SigningAlgorithm): Promise<VettedKey | undefined> {
    const candidates = matching(await this.#keys(maxAgeMs), kid, alg)
    if (candidates.length > 0) return onlyOne(candidates)
    return onlyOne(matching(await this.#keys(cooldownMs), kid, alg))
  }

  /** All keys, as new as the cooldown allows. @throws as {@link find} */
  read(): Promise<KeySet> {
    return this.#keys(cooldownMs)
  }

  /** The keys as a key set document. @throws as {@link find} */
  async document(): Promise<{ readonly keys: readonly VettedKey['jwk'][] }> {
    const { keys } = await this.read()
    return { keys: keys.map(({ jwk }) => jwk) }
  }

  /** Nothing that was fetched before is believed any more, be it still on its way. */
  flush(): void {
    this.#kept = undefined
    this.#failure = undefined
    this.#loading = undefined
    this.#triedAt = Number.NEGATIVE_INFINITY
  }

  async #keys(wantedAgeMs: number): Promise<KeySet> {
    const kept = this.#usable()
    if (kept && this.#now() - kept.fetchedAt < wantedAgeMs) return kept.set
    if (kept && this.#now() - this.#triedAt < cooldownMs) return kept.set
    const failure = this.#failure
    if (!kept && failure && this.#now() - failure.at < retryMs) throw failure.error
    try {
      this.#loading ??= this.#fetch()
      return await this.#loading
    } catch (error) {
      const stale = this.#usable()
      if (stale) return stale.set
      throw error
    }
  }

  #usable(): Kept | undefined {
    const kept = this.#kept
    return kept && this.#now() - kept.fetchedAt < mostStaleMs ? kept : undefined
  }

  #fetch(): Promise<KeySet> {
    this.#triedAt = this.#now()
    const loading: Promise<KeySet> = this.#load()
      .then((document) => {
        const set = readKeySet(document)
        // A flush while this was on its way: the answer may be from before.
        if (this.#loading === loading) this.#kept = { set, fetchedAt: this.#now() }
        return set
      })
      .catch((error: unknown) => {
        if (this.#loading === loading) this.#failure = { error, at: this.#now() }
        throw error
      })
      .finally(() => {
        if (this.#loading === loading) this.#loading = undefined
      })
    return loading
  }
}

function matching({ keys }: KeySet, kid: string | undefined, alg: SigningAlgorithm): readonly VettedKey[] {
  return keys.filter((key) => (kid === undefined || key.kid === kid) && key.algorithms.includes(alg))
}

/** OpenID Connect Core §10.1: a token names its key unless there is only one. Two of one id are no name. */
function onlyOne(candidates: readonly VettedKey[]): VettedKey | undefined {
  return candidates.length === 1 ? candidates[0] : undefined
}
