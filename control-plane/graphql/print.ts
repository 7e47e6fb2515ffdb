import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { documentSchema } from './document-schema.ts'
import { schema } from './schema.ts'

const root = resolve(import.meta.dirname, '../..')

/** What is committed of the API, in an order that does not depend on the order of the source files. */
function printedFiles(): Readonly<Record<string, string>> {
  const sorted = lexicographicSortSchema(schema)
  return { 'schema.graphql': `${printSchema(sorted)}\n`, 'docs/schema.md': documentSchema(sorted) }
}

// Run as a program it renews the committed files, or shows what the named one would be.
if (import.meta.main) {
  const files = printedFiles()
  const [, , shown] = process.argv
  if (shown !== undefined) process.stdout.write(files[shown] ?? '')
  else for (const [path, text] of Object.entries(files)) writeFileSync(resolve(root, path), text)
}
