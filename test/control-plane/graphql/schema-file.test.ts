import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')

it('schema.graphql is what the API serves; "node --conditions=source control-plane/graphql/print.ts" renews it', () => {
  // In a process of its own, because the test runner loads graphql in a second form.
  const printed = execFileSync(
    process.execPath,
    ['--conditions=source', 'control-plane/graphql/print.ts', '-'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  expect(readFileSync(resolve(root, 'schema.graphql'), 'utf8')).toBe(printed)
})
