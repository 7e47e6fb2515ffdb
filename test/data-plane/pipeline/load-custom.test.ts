import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkDefinitions, PluginsUnusable } from '../../../data-plane/pipeline/definitions.ts'
import { loadCustomPlugins } from '../../../data-plane/pipeline/load-custom.ts'
import { builtins } from '../../../data-plane/plugins.ts'

const plugin = (name: string) => `
import { definePlugin, Type } from 'gatehouse/plugin-sdk'
export default definePlugin({ name: '${name}', version: '1.0.0', config: Type.Object({}), setup: () => ({}) })
`
const modules = {
  'office-hours.mjs': plugin('office-hours'),
  'office-hours-copy.mjs': plugin('office-hours'),
  'named-export.mjs': plugin('named-export').replace('export default', 'export const plugin ='),
  'no-plugin.mjs': "export default { name: 'no-plugin', version: '1.0.0' }",
  'nothing.mjs': '',
  'null.mjs': 'export default null',
  'no-object-schema.mjs':
    "export default { name: 'odd', version: '1.0.0', config: { type: 'string' }, setup: () => ({}) }",
  'throws.mjs': "throw new Error('no licence file')",
  'throws-text.mjs': "throw 'no licence file'",
  'bad-name.mjs': plugin('Office Hours'),
  'wrong-import.mjs': "import 'gatehouse-is-not-this-package'",
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-plugins-'))
  for (const [name, source] of Object.entries(modules)) writeFileSync(join(folder, name), source)
})
afterAll(() => rmSync(folder, { recursive: true }))

const pathOf = (name: keyof typeof modules) => join(folder, name)

/** The message with which these modules are refused. */
async function refusalOf(...specifiers: readonly string[]): Promise<string> {
  const error = await loadCustomPlugins(specifiers).catch((caught: unknown) => caught)
  if (error instanceof PluginsUnusable) return error.message
  throw new Error('the modules were loaded', { cause: error })
}

describe('the modules that GATEHOUSE_PLUGINS names', () => {
  it('are loaded by absolute or relative path, in the order in which they are named', async () => {
    const relativePath = `./${relative('.', pathOf('office-hours.mjs'))}`
    const loaded = await loadCustomPlugins([relativePath, pathOf('office-hours-copy.mjs')])
    expect(loaded.map(({ name, version }) => `${name} ${version}`)).toEqual([
      'office-hours 1.0.0',
      'office-hours 1.0.0',
    ])
  })

  it('may be none', async () => {
    expect(await loadCustomPlugins([])).toEqual([])
  })

  it.each(['./not-there.mjs', '/not-there.mjs', 'not-a-package', '@nobody/not-a-package'])(
    'are refused by name when there is no %s',
    async (specifier) => {
      expect(await refusalOf(specifier)).toMatch(`plugin module "${specifier}" cannot be loaded: `)
    },
  )

  it.each(['throws.mjs', 'throws-text.mjs'] as const)(
    'are refused with the reason that %s gives for not starting',
    async (name) => {
      expect(await refusalOf(pathOf(name))).toBe(
        `plugin module "${pathOf(name)}" cannot be loaded: no licence file`,
      )
    },
  )

  it('are refused with what they could not import', async () => {
    const path = pathOf('wrong-import.mjs')
    const message = await refusalOf(path)
    expect(message).toMatch(`plugin module "${path}" cannot be loaded: `)
    expect(message).toMatch('gatehouse-is-not-this-package')
  })

  it('are refused for a name that the SDK refuses', async () => {
    const message = await refusalOf(pathOf('bad-name.mjs'))
    expect(message).toMatch(`plugin module "${pathOf('bad-name.mjs')}" cannot be loaded: `)
    expect(message).toMatch('Office Hours')
  })

  it.each(['named-export.mjs', 'no-plugin.mjs', 'nothing.mjs', 'null.mjs', 'no-object-schema.mjs'] as const)(
    'are refused with what has to be exported when %s exports no plugin',
    async (name) => {
      expect(await refusalOf(pathOf(name))).toBe(
        `plugin module "${pathOf(name)}" must export definePlugin({ name, version, config, setup }) as default`,
      )
    },
  )

  it('are refused when one of them is, though the others are good', async () => {
    expect(await refusalOf(pathOf('office-hours.mjs'), './not-there.mjs')).toMatch('./not-there.mjs')
  })

  it('cannot run side by side under one name, and are told what to change', async () => {
    const custom = await loadCustomPlugins([pathOf('office-hours.mjs'), pathOf('office-hours-copy.mjs')])
    expect(() => checkDefinitions({ builtins, custom })).toThrow(
      'two custom plugins are named "office-hours": name only one of their modules in GATEHOUSE_PLUGINS',
    )
  })
})
