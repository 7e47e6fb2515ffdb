import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { degradationNames as controlPlaneNames } from '../../control-plane/health/degradations.ts'
import { degradationNames as dataPlaneNames } from '../../data-plane/status/degradations.ts'
import { root } from '../source-tree.ts'

const page = readFileSync(join(root, 'docs/operations.md'), 'utf8')
const metricsPage = readFileSync(join(root, 'docs/observability.md'), 'utf8')
const alerts: { groups: { rules: { alert: string }[] }[] } = parse(
  readFileSync(join(root, 'docs/alerts.yml'), 'utf8'),
)

const failures = (page.split('## When something fails')[1]?.split(/^## /m)[0] ?? '')
  .split(/^### /m)
  .slice(1)
  .map((section) => [section.split('\n')[0] ?? '', section] as const)
const proofs = Array.from(
  page.matchAll(/`(test\/[^`]+)` › (.+?)(?=<br>|$)/gm),
  ([, file = '', title = '']) => [file, title],
)

describe('docs/operations.md', () => {
  it.each(failures)('%s: says what happens, what is seen, what to do, and what proves it', (_, section) => {
    const parts = Array.from(section.matchAll(/^\*\*(.+)\.\*\* \S/gm), ([, name]) => name)
    expect(parts).toEqual(['What happens', 'What you see', 'What to do', 'Proof'])
    expect(section).toMatch(/`Gatehouse[A-Za-z]+`/)
  })

  it.each(proofs)('is proven by %s › %s', (file = '', title = '') => {
    expect(existsSync(join(root, file)), file).toBe(true)
    expect(readFileSync(join(root, file), 'utf8')).toContain(title)
  })

  it('has a proof for every claim that it makes so', () => {
    expect(failures.length).toBeGreaterThan(10)
    expect(proofs.length).toBe(page.split(' › ').length - 1)
  })

  it('names no metric, no alert and no degradation that does not exist', () => {
    for (const name of page.match(/\bgatehouse_[a-z0-9_]+\b/g) ?? [])
      expect(metricsPage).toContain(`\`${name}\``)
    const rules = alerts.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))
    const named = Array.from(page.matchAll(/`(Gatehouse[A-Z][A-Za-z]+)`/g), ([, name]) => name)
    expect(named.filter((name) => !rules.includes(name ?? ''))).toEqual([])
    for (const name of [...controlPlaneNames, ...dataPlaneNames])
      expect(`${page}${metricsPage}`).toContain(name)
  })

  it('leads nowhere that does not exist', () => {
    const anchors = Array.from(page.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    )
    for (const [, target = ''] of page.matchAll(/\]\(([^)]+)\)/g)) {
      const [file = '', anchor] = target.split('#')
      if (file !== '') expect(existsSync(join(root, 'docs', file)), file).toBe(true)
      else expect(anchors).toContain(anchor)
    }
  })
})
