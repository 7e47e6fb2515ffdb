import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { degradationNames as controlPlaneNames } from '../../control-plane/health/degradations.ts'
import { degradationNames as dataPlaneNames } from '../../data-plane/status/degradations.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { root } from '../source-tree.ts'

const page = readFileSync(join(root, 'docs/observability.md'), 'utf8')
const dashboard = JSON.parse(readFileSync(join(root, 'docs/grafana-dashboard.json'), 'utf8'))

let gateway: Gateway
let scraped: { readonly controlPlane: ReadonlySet<string>; readonly dataPlane: ReadonlySet<string> }

beforeAll(async () => {
  gateway = await startGateway()
  await gateway.graphql('query Warm { viewer { id } }')
  const { url } = gateway.controlPlane
  const [dataPlane] = gateway.dataPlanes
  scraped = {
    controlPlane: await metricsAt(url),
    dataPlane: await metricsAt(dataPlane?.statusUrl ?? ''),
  }
})

afterAll(() => gateway.stop())

/** The names of all series that a scrape has, or would have once something is counted. */
async function metricsAt(url: string): Promise<ReadonlySet<string>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const families = Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name = '', type]) => ({
    name,
    type,
  }))
  return new Set(
    families.flatMap(({ name, type }) =>
      type === 'histogram' ? ['', '_bucket', '_sum', '_count'].map((part) => name + part) : [name],
    ),
  )
}

function namesIn(text: string): string[] {
  return [...new Set(text.match(/\b(?:gatehouse|process|nodejs)_[a-z0-9_]+\b(?!\*)/g))]
}

function expressionsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = 'expr' in value && typeof value.expr === 'string' ? [value.expr] : []
  return [...own, ...Object.values(value).flatMap(expressionsOf)]
}

describe('the dashboard', () => {
  it('asks for metrics that a scrape of the planes has, and for nothing else', () => {
    const known = new Set([...scraped.controlPlane, ...scraped.dataPlane])
    const asked = expressionsOf(dashboard).flatMap(namesIn)
    expect(asked.length).toBeGreaterThan(20)
    expect(asked.filter((name) => !known.has(name))).toEqual([])
  })

  it('narrows every expression to the chosen job and instances', () => {
    const open = expressionsOf(dashboard).filter(
      (text) => !text.includes('job=~"$job",instance=~"$instance"'),
    )
    expect(open).toEqual([])
  })

  it('gives every panel an id, a place and a description of its own', () => {
    const panels: { id: number; type: string; description?: string; gridPos: object }[] = dashboard.panels
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(new Set(panels.map(({ gridPos }) => JSON.stringify(gridPos))).size).toBe(panels.length)
    expect(panels.filter(({ type, description }) => type !== 'row' && !description)).toEqual([])
  })
})

describe('docs/observability.md', () => {
  it.each([
    ['on a data plane', dataPlaneNames],
    ['on a control plane', controlPlaneNames],
  ] as const)('explains all that can be degraded %s, and nothing else', (where, names) => {
    const table = page.slice(page.indexOf(`| \`what\`, ${where}`)).split('\n\n')[0] ?? ''
    const listed = Array.from(table.matchAll(/`([a-z]+_[a-z_]+|draining)`/g), ([, name]) => name)
    expect(listed.toSorted()).toEqual(names.toSorted())
  })

  it.each(['Control plane', 'Data plane'] as const)(
    'lists the metrics of the %s, all and no other',
    (plane) => {
      const section = page.slice(page.indexOf(`### ${plane}`)).split(/^### /m)[1] ?? ''
      const own = plane === 'Control plane' ? scraped.controlPlane : scraped.dataPlane
      const listed = Array.from(section.matchAll(/^\| `(gatehouse_\w+)`/gm), ([, name]) => name)
      const ours = [...own].filter(
        (name) => name.startsWith('gatehouse_') && !/_(bucket|sum|count)$/.test(name),
      )
      expect(listed.toSorted()).toEqual(ours.toSorted())
    },
  )

  it('names no metric that does not exist', () => {
    const known = new Set([...scraped.controlPlane, ...scraped.dataPlane])
    expect(namesIn(page).filter((name) => name !== 'gatehouse_' && !known.has(name))).toEqual([])
  })
})
