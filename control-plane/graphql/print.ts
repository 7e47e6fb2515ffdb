import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from './schema.ts'

/** The API as text, in an order that does not depend on the order of the source files. */
function printApi(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`
}

// Run as a program it renews the committed file, or with "-" shows what it would be.
if (import.meta.main) {
  if (process.argv[2] === '-') process.stdout.write(printApi())
  else writeFileSync(resolve(import.meta.dirname, '../../schema.graphql'), printApi())
}
