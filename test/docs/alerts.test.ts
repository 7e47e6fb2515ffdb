import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkerOf } from '../../contract/validation.ts'
import { degradationNames as controlPlaneNames } from '../../control-plane/health/degradations.ts'
import { degradationNames as dataPlaneNames } from '../../data-plane/status/degradations.ts'
import { root } from '../source-tree.ts'

const Rule = Type.Object(
  {
    alert: Type.String({ pattern: '^Gatehouse[A-Z][A-Za-z]+$' }),
    expr: Type.String({ minLength: 1 }),
    for: Type.Optional(Type.String({ pattern: '^[0-9]+[smh]$' })),
    labels: Type.Object({ severity: Type.Union([Type.Literal('page'), Type.Literal('ticket')]) }),
    annotations: Type.Object(
      { summary: Type.String(), runbook: Type.String() },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)
const Rules = Type.Object(
  { groups: Type.Array(Type.Object({ name: Type.String(), rules: Type.Array(Rule) })) },
  { additionalProperties: false },
)

const page = readFileSync(join(root, 'docs/operations.md'), 'utf8')
const metricsPage = readFileSync(join(root, 'docs/observability.md'), 'utf8')
const file = readFileSync(join(root, 'docs/alerts.yml'), 'utf8')
const rules = checkerOf('docs/alerts.yml', Rules)(parse(file)).groups.flatMap(({ rules }) => rules)

/** As GitHub makes them of headings. */
const anchors = new Set(
  Array.from(page.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  ),
)

describe('docs/alerts.yml', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s asks for metrics that exist',
    (_, { expr }) => {
      const names = expr.match(/\b(?:gatehouse|process|nodejs)_[a-z0-9_]+\b/g) ?? []
      // The page is held against a scrape by its own test.
      for (const name of names) expect(metricsPage).toContain(`\`${name}\``)
      expect(names.length > 0 || expr.startsWith('up{')).toBe(true)
      const known: ReadonlySet<string> = new Set([...controlPlaneNames, ...dataPlaneNames])
      const asked = Array.from(expr.matchAll(/what=~?"([a-z_|]+)"/g), ([, whats = '']) =>
        whats.split('|'),
      ).flat()
      expect(asked.filter((what) => !known.has(what))).toEqual([])
      expect(parenthesesIn(expr)).toBe(0)
    },
  )

  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s leads to what is to be done', (_, rule) => {
    const [document, anchor = ''] = rule.annotations.runbook.split('#')
    expect(document).toBe('operations.md')
    expect([...anchors]).toContain(anchor)
    expect(page).toContain(`\`${rule.alert}\``)
  })

  it('has each rule once, and one for all that can be degraded but a shutdown', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    const text = rules.map(({ expr }) => expr).join('\n')
    const lag = ['configuration_behind']
    const missing = [...controlPlaneNames, ...dataPlaneNames].filter((what) => !text.includes(what))
    expect(missing).toEqual([...lag, 'draining'])
  })
})

function parenthesesIn(expr: string): number {
  return [...expr].reduce(
    (open, sign) => open + Number('([{'.includes(sign)) - Number(')]}'.includes(sign)),
    0,
  )
}
