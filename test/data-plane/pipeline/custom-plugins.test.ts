import { describe, expect, it } from 'vitest'
import { PipelineCompiler } from '../../../data-plane/pipeline/compiler.ts'
import { definePlugin, Type } from '../../../plugins/sdk/index.ts'
import { configurationWith } from '../configuration.ts'
import { compilerOf, type StubStages, stubDefinitions, stubHost } from '../stub-plugins.ts'

describe('custom plugins', () => {
  const settings = (parts: object) => ({
    name: 'block-words',
    enabled: true,
    position: { side: 'after', of: 'rbac' } as const,
    order: 0,
    config: {},
    ...parts,
  })

  it('stand where the configuration puts them, by order, and take their new configuration at once', () => {
    const plugin = (name: string) =>
      definePlugin({
        name,
        version: '1.0.0',
        config: Type.Object({ words: Type.Array(Type.String(), { default: [] }) }),
        setup: () => ({}),
      })
    const compiler = compilerOf({}, [], [plugin('block-words'), plugin('second')])
    const configuration = configurationWith({
      plugins: [
        settings({ name: 'second', order: 1 }),
        settings({}),
        settings({ name: 'auth', position: null }),
      ],
    })
    compiler.pipelineFor(configuration)
    expect(
      compiler
        .report()
        .filter(({ enabled }) => enabled)
        .map(({ name }) => name),
    ).toEqual(['auth', 'rbac', 'block-words', 'second', 'budget', 'header-filter', 'audit', 'provider'])
  })

  it('share an instance between configurations that ask for the same, and close it when its last call has left', () => {
    const events: string[] = []
    const stages: StubStages = { provider: { respond() {}, close: async () => void events.push('closed') } }
    const compiler = compilerOf(stages)
    const first = compiler.pipelineFor(configurationWith({ plugins: [] }))
    first.enter()
    compiler.pipelineFor(configurationWith({ plugins: [] }))
    first.leave()
    expect(events).toEqual([])
    compiler.close()
    expect(events).toEqual(['closed'])
  })

  it.each([
    ['code that is not loaded', settings({ name: 'unheard-of' }), /GATEHOUSE_PLUGINS/],
    [
      'a built-in that is switched off',
      settings({ name: 'audit', position: null, enabled: false }),
      /cannot be switched off/,
    ],
    ['a built-in that is moved', settings({ name: 'budget' }), /cannot be moved/],
    ['a place beside nothing', settings({ position: { side: 'after', of: 'lunch' } }), /before or after/],
    ['a configuration that does not fit the schema', settings({ config: { words: 'x' } }), /\/words/],
  ])('refuse %s, and the running configuration stays', (_what, setting, reason) => {
    const plugin = definePlugin({
      name: 'block-words',
      version: '1.0.0',
      config: Type.Object({ words: Type.Array(Type.String(), { default: [] }) }),
      setup: () => ({}),
    })
    const compiler = compilerOf({}, [], [plugin])
    const running = configurationWith()
    const before = compiler.pipelineFor(running)
    expect(() => compiler.check(configurationWith({ plugins: [setting] }))).toThrow(reason)
    expect(compiler.pipelineFor(running)).toBe(before)
  })

  it('do not start without one of the six stages', () => {
    const { rbac: _, ...builtins } = stubDefinitions().builtins
    expect(
      () => new PipelineCompiler({ builtins: { ...builtins, rbac: builtins.auth }, custom: [] }, stubHost()),
    ).toThrow(/"rbac" is missing/)
  })
})
