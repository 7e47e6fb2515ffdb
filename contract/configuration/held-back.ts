import Type, { type Static, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Id } from './parts.ts'
import type { RawEntity } from './reading.ts'

/*
 * What is read of an entity that cannot be read whole, so that whatever needs it is refused and never takes another way.
 * An entity that does not show even this much is not held back: it refuses the revision.
 */

const Digests = Type.Array(Type.Object({ digest: Type.String({ pattern: '^[0-9a-f]{64}$' }) }))
const Ids = Type.Array(Type.Object({ id: Id }))

const shown = {
  virtual_key: Type.Object({ workspaceId: Id, secretDigests: Digests, providerConfigs: Ids }),
  user: Type.Object({}),
  role: Type.Object({}),
  provider: Type.Object({ name: Type.String() }),
  provider_key: Type.Object({ providerId: Id }),
  model: Type.Object({ providerId: Id }),
} as const

type Shown = typeof shown
export type HeldBackKind = keyof Shown

export type HeldBackOf<K extends HeldBackKind> = Static<Shown[K]> & {
  readonly kind: K
  readonly id: string
  /** Why, for operators and callers. */
  readonly heldBack: string
}
export type HeldBack = { [K in HeldBackKind]: HeldBackOf<K> }[HeldBackKind]

const shows = new Map(Object.entries(shown).map(([kind, schema]) => [kind, checkOf(schema)]))

/** Undefined when it must not be held back alone. */
export function holdBack(raw: RawEntity, reason: string): HeldBack | undefined {
  if (!shows.get(raw.kind)?.(raw)) return undefined
  return { ...raw, heldBack: reason } as unknown as HeldBack
}

function checkOf(schema: TSchema) {
  const validator = Compile(schema)
  return (document: unknown) => validator.Check(document)
}
