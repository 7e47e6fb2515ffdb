import type { Json } from '../../../contract/canonical.ts'
import { type Entity, type EntityKey, keyOf } from '../../../contract/configuration/entities.ts'
import type { RecordedChange } from '../../publisher/revision.ts'

export interface FieldChange {
  /** From the entity to the value: `owner.id`, `providerConfigs[pc_01…].weight`. */
  readonly field: string
  /** Null before it was there. */
  readonly old: Json
  /** Null once it is gone. */
  readonly new: Json
}

/** A thing as it is told of: what it is, which one, and its fields. */
export interface Document {
  readonly kind: string
  readonly id: string
  readonly [field: string]: Json
}

export interface EntityChange {
  readonly kind: string
  readonly id: string
  /** What it is, or was, called; null for what has no name. */
  readonly name: string | null
  readonly action: 'created' | 'updated' | 'deleted'
  readonly fields: readonly FieldChange[]
}

const hidden = 'hidden'

/** What a revision changed, for people: an entry for each entity, one line for each field. Never a secret. Of roles their rows tell more. */
export function diffOf({ upserts, removals }: RecordedChange, previous: readonly Entity[]): EntityChange[] {
  const before = new Map(previous.map((entity) => [keyOf(entity), entity]))
  const after = new Map(upserts.map((entity) => [keyOf(entity), entity]))
  const keys = new Set<EntityKey>([...after.keys(), ...removals])
  const told = [...keys].filter((key) => !key.startsWith('role/'))
  return told.flatMap((key) => {
    const change = changeOf(documentOf(before.get(key)), documentOf(after.get(key)))
    return change.fields.length > 0 ? [change] : []
  })
}

/** Entities are JSON, though the type of a plugin's configuration does not say so. */
function documentOf(entity: Entity | undefined): Document | undefined {
  return entity as Document | undefined
}

/** What became of a thing; undefined stands for its absence. */
export function changeOf(before: Document | undefined, after: Document | undefined): EntityChange {
  const present = after ?? before
  if (!present) return { kind: 'organization', id: '', name: null, action: 'deleted', fields: [] }
  const [old, fresh] = [flatten(before), flatten(after)]
  const fields = [...new Set([...old.keys(), ...fresh.keys()])].map((field) => ({
    field,
    old: old.get(field) ?? null,
    new: fresh.get(field) ?? null,
  }))
  return {
    kind: present.kind,
    id: present.id,
    name: typeof present.name === 'string' ? present.name : null,
    action: before ? (after ? 'updated' : 'deleted') : 'created',
    fields: fields.filter((change) => !areEqual(change.old, change.new)).map(withoutSecret),
  }
}

/** Each value by its path; a list of things with ids is told thing by thing. */
function flatten(document: Document | undefined): Map<string, Json> {
  const values = new Map<string, Json>()
  const visit = (path: string, value: Json): void => {
    if (Array.isArray(value)) {
      const things = value.filter(isThing)
      if (things.length === 0 || things.length < value.length) values.set(path, value)
      else for (const thing of things) visitFields(`${path}[${thing.id}]`, thing)
    } else if (isObject(value)) visitFields(path, value)
    else values.set(path, value)
  }
  const visitFields = (path: string, fields: JsonObject): void => {
    for (const [name, value] of Object.entries(fields)) visit(path === '' ? name : `${path}.${name}`, value)
  }
  const { kind: _kind, id: _id, ...fields } = document ?? { kind: '', id: '' }
  visitFields('', fields)
  return values
}

type JsonObject = { readonly [name: string]: Json }

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isThing(value: Json): value is JsonObject & { readonly id: string } {
  return isObject(value) && typeof value.id === 'string'
}

/** Digests are no secrets, and yet nobody's business. */
function withoutSecret(change: FieldChange): FieldChange {
  if (change.field !== 'secretDigests') return change
  return {
    field: 'secret',
    old: change.old === null ? null : hidden,
    new: change.new === null ? null : hidden,
  }
}

function areEqual(one: Json, other: Json): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
