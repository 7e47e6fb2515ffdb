import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const rows = readFileSync(resolve(root, 'docs/features.md'), 'utf8')
  .split('\n')
  .filter((line) => line.includes(' › '))

describe('docs/features.md', () => {
  it.each(rows)('%s', (row) => {
    const proofs = [...row.matchAll(/`(test\/[^`]+)` › (.+?)(?=<br>| \|$)/g)]
    expect(proofs.length).toBe(row.split(' › ').length - 1)
    for (const [, file = '', title = ''] of proofs) {
      expect(existsSync(resolve(root, file)), file).toBe(true)
      expect(readFileSync(resolve(root, file), 'utf8'), `${file} has no "${title}"`).toContain(title)
    }
  })

  it('has each id once', () => {
    const ids = rows.flatMap((row) => /^\| ([SXG]\d?-?\d+(?:-\d+)?) /.exec(row)?.[1] ?? [])
    expect(ids).toEqual([...new Set(ids)])
    expect(ids.length).toBeGreaterThan(40)
  })
})
