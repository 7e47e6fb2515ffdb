import {
  type Entity,
  type EntityKey,
  type EntityKind,
  keyOf,
  type TokenIssuer,
  type User,
  type VirtualKey,
} from '../../contract/configuration/entities.ts'
import type { HeldBack, HeldBackOf } from '../../contract/configuration/held-back.ts'
import { type RawEntity, type Reading, readEntity } from '../../contract/configuration/reading.ts'
import { ContractViolation } from '../../contract/validation.ts'
import { type MapDraft, PersistentMap } from './persistent-map.ts'
import { ConfigurationRefused } from './refusal.ts'
import {
  type Address,
  claimsOf,
  type everything,
  listOf,
  type PartKind,
  partsKey,
  referencesOf,
} from './relations.ts'
import { Unread, type UnreadDraft } from './unread.ts'

type OfKind<K extends EntityKind> = Extract<Entity, { kind: K }>

interface Tables {
  readonly entities: PersistentMap<Entity>
  /** Who holds a unique name; the digests of virtual keys among them. */
  readonly claims: PersistentMap<Entity | HeldBack>
  /** The parts of a whole, by `partsKey`. */
  readonly parts: PersistentMap<readonly Entity[]>
  /** How many references lead to an address. */
  readonly referenceCounts: PersistentMap<number>
}

/**
 * The entities of one revision, immutable, with what is needed to look them up from any side. The next revision's
 * index is drafted from this one and shares with it all that did not change.
 */
export class EntityIndex {
  readonly #tables: Tables
  /** What this release cannot read whole. */
  readonly unread: Unread
  /** Another object whenever anything but virtual keys changed: what was derived from it is then stale. */
  readonly surroundings: object

  constructor(tables: Tables, unread: Unread, surroundings: object) {
    this.#tables = tables
    this.unread = unread
    this.surroundings = surroundings
  }

  static empty(): EntityIndex {
    return new EntityIndex(
      {
        entities: new PersistentMap(),
        claims: new PersistentMap(),
        parts: new PersistentMap(),
        referenceCounts: new PersistentMap(),
      },
      Unread.none(),
      {},
    )
  }

  get<K extends EntityKind>(kind: K, id: string): OfKind<K> | undefined {
    const entity = this.#tables.entities.get(`${kind}/${id}`)
    return entity && isOfKind(entity, kind) ? entity : undefined
  }

  /** As it came, also when nothing is made of it. */
  documentAt(key: EntityKey): RawEntity | undefined {
    return this.unread.documentAt(key) ?? this.#tables.entities.get(key)
  }

  keyByDigest(digest: string): VirtualKey | HeldBackOf<'virtual_key'> | undefined {
    const claimant = this.#tables.claims.get(digest)
    return claimant?.kind === 'virtual_key' ? claimant : undefined
  }

  tokenIssuer(issuer: string): TokenIssuer | undefined {
    const claimant = this.#tables.claims.get(`token issuer/${issuer}`)
    return claimant?.kind === 'token_issuer' ? claimant : undefined
  }

  /** @param digest of an issuer's name for them, see `subjectDigest` */
  userBySubject(digest: string): User | undefined {
    const claimant = this.#tables.claims.get(`subject/${digest}`)
    return claimant?.kind === 'token_holder' ? this.get('user', claimant.id) : undefined
  }

  /** The one entity of a kind that a configuration has at most once. */
  only<K extends 'organization' | 'client_configuration'>(kind: K): OfKind<K> | undefined {
    const entity = this.#tables.claims.get(`only/${kind}`)
    return entity && !('heldBack' in entity) && isOfKind(entity, kind) ? entity : undefined
  }

  /** In no particular order; the same array as long as none of the parts changed. */
  partsOf<K extends PartKind>(kind: K, whole: Address | typeof everything): readonly OfKind<K>[] {
    return (this.#tables.parts.get(partsKey(kind, whole)) ?? none) as readonly OfKind<K>[]
  }

  entities(): Iterable<Entity> {
    return this.#tables.entities.values()
  }

  /** All that the configuration's hash covers, as it came. */
  *documents(): Generator<RawEntity> {
    yield* this.unread.documents()
    for (const entity of this.#tables.entities.values()) {
      if (!this.unread.documentAt(keyOf(entity))) yield entity
    }
  }

  draft(): IndexDraft {
    return new IndexDraft(this.#tables, this.unread, this.surroundings)
  }
}

const none: readonly never[] = Object.freeze([])

interface Touched {
  readonly document: RawEntity
  readonly reading: Reading
}

/** Changes to an index, in any order; whether they make sense together is asked once, at the end. */
export class IndexDraft {
  readonly #entities: MapDraft<Entity>
  readonly #claims: MapDraft<Entity | HeldBack>
  readonly #parts: MapDraft<readonly Entity[]>
  readonly #referenceCounts: MapDraft<number>
  readonly #unread: UnreadDraft
  readonly #touched = new Map<EntityKey, Touched | undefined>()
  /** Addresses that stood before; those that do not come back must have left nothing behind. */
  readonly #vacated = new Set<Address>()
  #surroundings: object

  constructor(tables: Tables, unread: Unread, surroundings: object) {
    this.#unread = unread.draft()
    this.#entities = tables.entities.draft()
    this.#claims = tables.claims.draft()
    this.#parts = tables.parts.draft()
    this.#referenceCounts = tables.referenceCounts.draft()
    this.#surroundings = surroundings
  }

  /** @throws ConfigurationRefused when this release cannot do without what it does not understand of it. */
  put(document: RawEntity): EntityKey {
    const key = keyOf(document)
    this.#touched.set(key, { document, reading: readOrRefuse(document) })
    return key
  }

  remove(key: EntityKey): void {
    this.#touched.set(key, undefined)
  }

  /**
   * The next index. Takes its work in slices, so that a large snapshot does not hold up the calls in flight.
   *
   * @param pause awaited after each slice.
   * @throws ConfigurationRefused on a reference to nothing and on a name that is claimed twice.
   */
  async finish(pause: () => Promise<void>): Promise<EntityIndex> {
    // All old entities leave before a new one enters: two of them may trade a name within one revision.
    await inSlices(this.#touched, pause, (key) => this.#unlink(key))
    await inSlices(this.#touched, pause, (key, touched) => touched && this.#link(key, touched))
    await inSlices(this.#touched, pause, (key, touched) => {
      if (touched?.reading.entity) this.#assertRefersWell(key, touched.reading.entity)
    })
    for (const address of this.#vacated) this.#assertNothingRefersTo(address)
    return new EntityIndex(
      {
        entities: this.#entities.finish(),
        claims: this.#claims.finish(),
        parts: this.#parts.finish(),
        referenceCounts: this.#referenceCounts.finish(),
      },
      this.#unread.finish(),
      this.#surroundings,
    )
  }

  #unlink(key: EntityKey): void {
    const heldBack = this.#unread.heldBackAt(key)
    if (heldBack) this.#vacate(key, heldBack)
    this.#unread.unlink(key)
    const entity = this.#entities.get(key)
    if (!entity) return
    this.#entities.delete(key)
    this.#vacate(key, entity)
    for (const address of referencesOf(entity)) this.#count(address, -1)
    const list = listOf(entity)
    if (list)
      this.#parts.set(
        list,
        (this.#parts.get(list) ?? none).filter((part) => part !== entity),
      )
  }

  #vacate(key: EntityKey, entity: Entity | HeldBack): void {
    this.#vacated.add(key)
    if (entity.kind === 'virtual_key') {
      for (const { id } of entity.providerConfigs) this.#vacated.add(`provider_config/${id}`)
    }
    for (const { name } of claimsOf(entity)) this.#claims.delete(name)
    if (entity.kind !== 'virtual_key') this.#surroundings = {}
  }

  #link(key: EntityKey, { document, reading }: Touched): void {
    this.#unread.link(document, reading)
    if (document.kind !== 'virtual_key') this.#surroundings = {}
    const { entity, heldBack } = reading
    if (heldBack) this.#claim(key, heldBack)
    if (!entity) return
    this.#entities.set(key, entity)
    this.#claim(key, entity)
    for (const address of referencesOf(entity)) this.#count(address, 1)
    const list = listOf(entity)
    if (list) this.#parts.set(list, [...(this.#parts.get(list) ?? none), entity])
  }

  #claim(key: EntityKey, entity: Entity | HeldBack): void {
    for (const { name, label } of claimsOf(entity)) {
      const holder = this.#claims.get(name)
      if (holder) throw new ConfigurationRefused(`${key} has the ${label} of ${keyOf(holder)}`)
      this.#claims.set(name, entity)
    }
  }

  #assertRefersWell(key: EntityKey, entity: Entity): void {
    const missing = referencesOf(entity).find((address) => !this.#exists(address))
    if (missing) throw new ConfigurationRefused(`${key} refers to ${missing}, which does not exist`)
  }

  #assertNothingRefersTo(address: Address): void {
    if (this.#exists(address) || !this.#referenceCounts.get(address)) return
    for (const entity of this.#entities.finish().values()) {
      if (referencesOf(entity).includes(address)) {
        throw new ConfigurationRefused(`${keyOf(entity)} refers to ${address}, which does not exist any more`)
      }
    }
  }

  #exists(address: Address): boolean {
    return (
      this.#entities.has(address) ||
      this.#claims.has(address) ||
      this.#unread.heldBackAt(address) !== undefined
    )
  }

  #count(address: Address, change: 1 | -1): void {
    const count = (this.#referenceCounts.get(address) ?? 0) + change
    if (count === 0) this.#referenceCounts.delete(address)
    else this.#referenceCounts.set(address, count)
  }
}

function readOrRefuse(document: RawEntity): Reading {
  try {
    return readEntity(document)
  } catch (error) {
    if (error instanceof ContractViolation) throw new ConfigurationRefused(error.message)
    throw error
  }
}

const sliceSize = 2_000

async function inSlices<Key, Value>(
  items: ReadonlyMap<Key, Value>,
  pause: () => Promise<void>,
  work: (key: Key, value: Value) => void,
): Promise<void> {
  let left = sliceSize
  for (const [key, value] of items) {
    work(key, value)
    left -= 1
    if (left > 0) continue
    left = sliceSize
    await pause()
  }
}

function isOfKind<K extends EntityKind>(entity: Entity, kind: K): entity is OfKind<K> {
  return entity.kind === kind
}
