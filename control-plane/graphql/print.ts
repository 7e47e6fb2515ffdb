import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from './schema.ts'

/** The API as text, in an order that does not depend on the order of the source files. */
export function printApi(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`
}

if (import.meta.main) {
  writeFileSync(resolve(import.meta.dirname, '../../schema.graphql'), printApi())
}
