import { type ItemName, itemKey, type OwnerKind, type PresentItem } from './items.ts'

/** The ids behind names, also of what was made a moment ago. */
export class NamedIds {
  readonly #ids = new Map<string, string>()
  readonly #names = new Map<string, ItemName>()

  constructor(items: readonly PresentItem[]) {
    for (const { kind, name, id } of items) this.add(kind, name, id)
  }

  add(kind: OwnerKind, name: ItemName, id: string): void {
    this.#ids.set(itemKey(kind, name), id)
    this.#names.set(id, name)
  }

  nameOf(id: string): ItemName | undefined {
    return this.#names.get(id)
  }

  has(kind: OwnerKind, name: ItemName): boolean {
    return this.#ids.has(itemKey(kind, name))
  }

  /** @throws NameWithoutId when what was to have this name could not be made. */
  of(kind: OwnerKind, name: ItemName): string {
    const id = this.#ids.get(itemKey(kind, name))
    if (id === undefined) throw new NameWithoutId(kind, name)
    return id
  }

  workspace(name = ''): string {
    return this.of('workspace', [name])
  }
}

/** Something that has to be there first is not, for a reason that is told already. */
export class NameWithoutId extends Error {
  constructor(kind: OwnerKind, name: ItemName) {
    super(`no id for the ${kind} ${name.join('/')}`)
  }
}
