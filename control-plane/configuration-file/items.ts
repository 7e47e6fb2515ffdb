import type { Json } from '../../contract/canonical.ts'

/** What a file configures, in the order in which one thing needs another. */
export const itemKinds = [
  'workspace',
  'customer',
  'business_unit',
  'team',
  'user',
  'membership',
  'provider',
  'provider_key',
  'model',
  'access_profile',
  'role',
  'virtual_key',
  'role_assignment',
  'budget',
  'request_limit',
  'client_configuration',
  'plugin',
] as const
export type ItemKind = (typeof itemKinds)[number]
/** Who may carry a budget or a limit, besides the things themselves. */
export type OwnerKind = ItemKind | 'organization' | 'provider_config'

/** A thing by its names, from the widest to its own: `['default', 'Acme']`. */
export type ItemName = readonly string[]

/** One thing as a file names it: other things by their names, money in US dollars. */
export interface Item {
  readonly kind: ItemKind
  readonly name: ItemName
  /** Whose budget or limit it is; for the other kinds what it is part of. */
  readonly owner?: { readonly kind: OwnerKind; readonly name: ItemName }
  readonly fields: Readonly<Record<string, Json>>
}

/** A thing that a file wants. A field that it leaves out stays as it is. */
export interface WantedItem extends Item {
  /** JSON Pointer of its place in the file. */
  readonly path: string
  /** The variable of its secret, `OPENAI_API_KEY`. */
  readonly secretName?: string
  readonly catalogue?: 'openai'
  /** Where the virtual key is to live that a new role assignment brings along. */
  readonly keyWorkspace?: string
  readonly references: readonly Reference[]
}

export interface Reference {
  readonly kind: ItemKind
  readonly name: ItemName
  readonly path: string
}

/** A thing that the organization has. */
export interface PresentItem extends Item {
  readonly id: string
  /** Why something else decides it, so that a file neither holds nor ends it; null for what needs no word. */
  readonly managedBy?: string | null
  /** Whether every organization has it, so that a file may change it and never ends it. */
  readonly isPermanent?: boolean
  /** Where the virtual key lives that a role assignment brought along. */
  readonly keyWorkspace?: string
  /** Whether this is its secret; only for what has one. */
  hasSecret?(secret: string): boolean
}

/** Equal exactly for the same thing. */
export function itemKey(kind: OwnerKind, name: ItemName): string {
  return JSON.stringify([kind, ...name])
}

/** For people: `default/Acme`. */
export function displayName(name: ItemName): string {
  return name.join('/')
}
