import { prefixOf } from '../db/id.ts'

const typeNames = new Map<string, string>()

/** Tells `node(id)` which GraphQL type the ids with this prefix name. */
export function registerNodeType(prefix: string, typeName: string): void {
  typeNames.set(prefix, typeName)
}

/** The type that an id names; of a foreign id nothing is known, so it names nothing. */
export function typeNameOfId(id: string): string {
  return typeNames.get(prefixOf(id)) ?? ''
}
