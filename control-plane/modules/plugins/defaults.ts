import type { Json } from '../../../contract/canonical.ts'

type JsonObject = { readonly [name: string]: Json }

/** The value with the defaults that a JSON Schema gives for absent properties, at any depth of its objects. */
export function withDefaults(schema: Json, value: Json): Json {
  if (!isObject(schema)) return value
  if (Array.isArray(value)) return value.map((item) => withDefaults(schema.items ?? true, item))
  if (!isObject(value) || !isObject(schema.properties)) return value
  const filled: Record<string, Json> = { ...value }
  for (const [name, property] of Object.entries(schema.properties)) {
    const present = Object.hasOwn(value, name) ? value[name] : defaultOf(property)
    if (present !== undefined) filled[name] = withDefaults(property, present)
  }
  return filled
}

function defaultOf(schema: Json): Json | undefined {
  return isObject(schema) ? schema.default : undefined
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
