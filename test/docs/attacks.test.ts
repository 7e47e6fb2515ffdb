import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const rows = readFileSync(resolve(root, 'docs/sign-in/attacks.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| attack |'))

describe('docs/sign-in/attacks.md', () => {
  it.each(rows)('%s', (row) => {
    const proofs = [...row.matchAll(/`(test\/[^`]+)` › (.+?)(?=<br>| \|$)/g)]
    expect(proofs.length).toBeGreaterThan(0)
    expect(proofs.length).toBe(row.split(' › ').length - 1)
    for (const [, file = '', title = ''] of proofs) {
      expect(existsSync(resolve(root, file)), file).toBe(true)
      expect(readFileSync(resolve(root, file), 'utf8'), `${file} has no "${title}"`).toContain(title)
    }
  })

  it('has each attack once', () => {
    const attacks = rows.map((row) => row.split(' | ')[0])
    expect(attacks).toEqual([...new Set(attacks)])
    expect(attacks.length).toBeGreaterThan(65)
  })
})
