import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')

it.each(['schema.graphql', 'docs/schema.md'])(
  '%s is what the API serves; "npm run generate" renews it',
  (path) => {
    // In a process of its own, because the test runner loads graphql in a second form.
    const printed = execFileSync(
      process.execPath,
      ['--conditions=source', 'control-plane/graphql/print.ts', path],
      {
        cwd: root,
        encoding: 'utf8',
      },
    )
    expect(readFileSync(resolve(root, path), 'utf8')).toBe(printed)
  },
)

it('docs/schema.md links to nothing that it does not have', () => {
  const page = readFileSync(resolve(root, 'docs/schema.md'), 'utf8')
  const headings = Array.from(page.matchAll(/^#+ (.+)$/gm), ([, text = '']) => text)
  const anchors = new Set(headings.map((text) => text.toLowerCase().replace(/[^\w-]/g, '')))
  const links = Array.from(page.matchAll(/\]\(#([^)]+)\)/g), ([, anchor = '']) => anchor)
  expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([])
  expect(headings).toHaveLength(anchors.size)
})
