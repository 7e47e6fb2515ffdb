import { type EntityKey, keyOf } from '../../contract/configuration/entities.ts'
import type { HeldBack, HeldBackKind, HeldBackOf } from '../../contract/configuration/held-back.ts'
import type { RawEntity, Reading } from '../../contract/configuration/reading.ts'
import { type MapDraft, PersistentMap } from './persistent-map.ts'

/** Of everything that is held back so much is told. */
const mostTold = 20

/** What an operator is told of a configuration that this release cannot read whole. */
export interface UnreadSummary {
  /** `virtual_key.hint (in 12)`, sorted. */
  readonly ignored: readonly string[]
  /** The reasons, sorted. */
  readonly heldBack: readonly string[]
}

export const nothingUnread: UnreadSummary = Object.freeze({ ignored: [], heldBack: [] })

/** A document of which this release makes something else, or nothing. What is hashed and saved is still the document. */
interface Skipped {
  readonly document: RawEntity
  readonly ignored: readonly string[]
}

interface Tables {
  readonly skipped: PersistentMap<Skipped>
  readonly heldBack: PersistentMap<HeldBack>
  /** The same by what they belong to, see `wholeOf`. */
  readonly heldBackParts: PersistentMap<readonly HeldBack[]>
  readonly ignored: PersistentMap<{ readonly name: string; readonly count: number }>
}

type PartOfProvider = 'provider_key' | 'model'

const none: readonly never[] = Object.freeze([])

/** What is of a later release among the entities of one revision: immutable, and shared with the next one like the rest. */
export class Unread {
  readonly #tables: Tables

  constructor(tables: Tables) {
    this.#tables = tables
  }

  static none(): Unread {
    return new Unread({
      skipped: new PersistentMap(),
      heldBack: new PersistentMap(),
      heldBackParts: new PersistentMap(),
      ignored: new PersistentMap(),
    })
  }

  documentAt(key: EntityKey): RawEntity | undefined {
    return this.#tables.skipped.get(key)?.document
  }

  *documents(): Generator<RawEntity> {
    for (const { document } of this.#tables.skipped.values()) yield document
  }

  heldBack<K extends HeldBackKind>(kind: K, id: string): HeldBackOf<K> | undefined {
    return this.#tables.heldBack.get(`${kind}/${id}`) as HeldBackOf<K> | undefined
  }

  heldBackProviders(): readonly HeldBackOf<'provider'>[] {
    return (this.#tables.heldBackParts.get('provider') ?? none) as readonly HeldBackOf<'provider'>[]
  }

  heldBackPartsOf<K extends PartOfProvider>(kind: K, providerId: string): readonly HeldBackOf<K>[] {
    return (this.#tables.heldBackParts.get(`${kind}@${providerId}`) ?? none) as readonly HeldBackOf<K>[]
  }

  summary(): UnreadSummary {
    const ignored = [...this.#tables.ignored.values()].map(({ name, count }) => `${name} (in ${count})`)
    const heldBack = [...this.#tables.heldBack.values()].map((entity) => entity.heldBack).sort()
    const more = heldBack.length - mostTold
    return {
      ignored: ignored.sort(),
      heldBack: more > 0 ? [...heldBack.slice(0, mostTold), `and ${more} more`] : heldBack,
    }
  }

  draft(): UnreadDraft {
    return new UnreadDraft(this.#tables)
  }
}

/** Changes to it; all old entities leave before a new one enters. */
export class UnreadDraft {
  readonly #skipped: MapDraft<Skipped>
  readonly #heldBack: MapDraft<HeldBack>
  readonly #heldBackParts: MapDraft<readonly HeldBack[]>
  readonly #ignored: MapDraft<{ readonly name: string; readonly count: number }>

  constructor(tables: Tables) {
    this.#skipped = tables.skipped.draft()
    this.#heldBack = tables.heldBack.draft()
    this.#heldBackParts = tables.heldBackParts.draft()
    this.#ignored = tables.ignored.draft()
  }

  has(key: EntityKey): boolean {
    return this.#skipped.has(key)
  }

  heldBackAt(key: string): HeldBack | undefined {
    return this.#heldBack.get(key)
  }

  link(document: RawEntity, { entity, ignored, heldBack }: Reading): void {
    if (entity === document) return
    const key = keyOf(document)
    this.#skipped.set(key, { document, ignored })
    for (const name of ignored) this.#count(name, 1)
    if (!heldBack) return
    this.#heldBack.set(key, heldBack)
    const whole = wholeOf(heldBack)
    if (whole) this.#heldBackParts.set(whole, [...(this.#heldBackParts.get(whole) ?? none), heldBack])
  }

  unlink(key: EntityKey): void {
    const skipped = this.#skipped.get(key)
    if (!skipped) return
    this.#skipped.delete(key)
    for (const name of skipped.ignored) this.#count(name, -1)
    const heldBack = this.#heldBack.get(key)
    if (!heldBack) return
    this.#heldBack.delete(key)
    const whole = wholeOf(heldBack)
    if (!whole) return
    const parts = this.#heldBackParts.get(whole) ?? none
    this.#heldBackParts.set(
      whole,
      parts.filter((part) => part !== heldBack),
    )
  }

  finish(): Unread {
    return new Unread({
      skipped: this.#skipped.finish(),
      heldBack: this.#heldBack.finish(),
      heldBackParts: this.#heldBackParts.finish(),
      ignored: this.#ignored.finish(),
    })
  }

  #count(name: string, change: 1 | -1): void {
    const count = (this.#ignored.get(name)?.count ?? 0) + change
    if (count === 0) this.#ignored.delete(name)
    else this.#ignored.set(name, { name, count })
  }
}

/** Under which list it is found. */
function wholeOf(heldBack: HeldBack): string | undefined {
  switch (heldBack.kind) {
    case 'provider':
      return 'provider'
    case 'provider_key':
    case 'model':
      return `${heldBack.kind}@${heldBack.providerId}`
    default:
      return undefined
  }
}
