import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { checkDefinitions, PluginsUnusable } from '../../../data-plane/pipeline/definitions.ts'
import { builtinNames } from '../../../data-plane/pipeline/stages.ts'
import { builtins } from '../../../data-plane/plugins.ts'
import { definePlugin } from '../../../plugins/sdk/plugin.ts'

const plugin = (name: string) =>
  definePlugin({ name, version: '1.0.0', config: Type.Object({}), setup: () => ({}) })

describe('the plugins that a data plane starts with', () => {
  it.each(builtinNames)('a custom one cannot take the place of %s', (name) => {
    expect(() => checkDefinitions({ builtins, custom: [plugin(name)] })).toThrow(PluginsUnusable)
  })

  it('two of one name cannot be told apart, so neither runs', () => {
    const custom = [plugin('office-hours'), plugin('office-hours')]
    expect(() => checkDefinitions({ builtins, custom })).toThrow(
      'two custom plugins are named "office-hours"',
    )
  })

  it.each(['Auth', 'auth ', '__proto__', 'constructor.name', '../auth', ''])(
    'the name %j is refused where the plugin is written',
    (name) => {
      expect(() => plugin(name)).toThrow(TypeError)
    },
  )
})
