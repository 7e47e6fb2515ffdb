import { ConfigurationFile } from '../../../contract/configuration-file/schema.ts'
import type { Position } from '../graphql/input-positions.ts'

/** What the walk reads of JSON Schema. */
interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

/** One member of a document; `path` is its JSON Pointer. */
export interface DocumentPosition extends Omit<Position, 'isFirstOfType'> {
  readonly sample: unknown
  /** Whether the document is none without it. */
  readonly isNeeded: boolean
}

interface Sample {
  readonly path: string
  readonly value: unknown
}

/** Every member, list and element that the schema allows, where the document has the first of it. */
export function documentPositions(document: object): DocumentPosition[] {
  const schema: Schema = JSON.parse(JSON.stringify(ConfigurationFile))
  return positionsBelow(schema, [{ path: '', value: document }], false).filter(({ path }) => path !== '')
}

function positionsBelow(schema: Schema, samples: readonly Sample[], isNeeded: boolean): DocumentPosition[] {
  const [first] = samples
  if (!first) throw new Error('a document without samples')
  const { type, isNullable, inner } = typeOf(schema, first.path)
  const field = first.path.split('/').findLast((step) => !/^\d*$/.test(step)) ?? ''
  const here = { path: first.path, field, type, isRequired: !isNullable, sample: first.value, isNeeded }
  if (type === 'List' && inner.items) {
    const elements = samples.flatMap(({ path, value }) =>
      (value as readonly unknown[]).map((element, index) => ({ path: `${path}/${index}`, value: element })),
    )
    if (elements.length === 0) throw new Error(`the document has nothing in ${first.path}`)
    return [here, ...positionsBelow(inner.items, elements, false)]
  }
  if (type !== 'Object') return [here]
  const members = Object.entries(inner.properties ?? {})
  return [
    here,
    ...members.flatMap(([name, member]) => {
      const having = samples.flatMap(({ path, value }) =>
        Object.hasOwn(value as object, name)
          ? [{ path: `${path}/${name}`, value: (value as Readonly<Record<string, unknown>>)[name] }]
          : [],
      )
      if (having.length === 0) throw new Error(`the document has no ${first.path}/${name}`)
      return positionsBelow(member, having, inner.required?.includes(name) ?? false)
    }),
  ]
}

/** What bad-values.ts calls it. */
function typeOf(schema: Schema, path: string): { type: string; isNullable: boolean; inner: Schema } {
  const choices = schema.anyOf ?? [schema]
  const others = choices.filter(({ type }) => type !== 'null')
  const isNullable = others.length < choices.length
  const [inner = schema] = others
  if (others.length > 1) return { type: 'Usd', isNullable, inner }
  return { type: nameOf(inner, path), isNullable, inner }
}

function nameOf(schema: Schema, path: string): string {
  if (schema.enum) return 'Enum'
  if (schema.const !== undefined || schema.type === 'integer') return 'Int'
  if (schema.type === 'array') return 'List'
  if (schema.type === 'object') return schema.properties ? 'Object' : 'JSON'
  if (path.endsWith('/expiresAt')) return 'DateTime'
  return { number: 'Float', boolean: 'Boolean', string: 'String' }[schema.type ?? ''] ?? 'unknown'
}
