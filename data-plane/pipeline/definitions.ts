import type { TObject } from 'typebox'
import type { BuiltinDefinition, BuiltinHost } from '../../plugins/sdk/builtin.ts'
import type { Host, PluginDefinition } from '../../plugins/sdk/plugin.ts'
import { type BuiltinName, builtinNames, isBuiltinName } from './stages.ts'

/** The code that this process has: the built-in stages and what GATEHOUSE_PLUGINS named. */
export interface PluginDefinitions {
  readonly builtins: Readonly<Record<BuiltinName, BuiltinDefinition>>
  readonly custom: readonly PluginDefinition[]
}

/** Describes a loaded plugin to the control plane. */
export interface PluginDescription {
  readonly name: string
  readonly version: string
  readonly builtin: boolean
  readonly configSchema: TObject
}

/** A data plane that lacks a stage, or cannot tell two plugins apart, does not start. */
export class PluginsUnusable extends Error {
  override readonly name = 'PluginsUnusable'
}

/** @throws PluginsUnusable */
export function checkDefinitions({ builtins, custom }: PluginDefinitions): void {
  for (const name of builtinNames) {
    if (builtins[name]?.name !== name) throw new PluginsUnusable(`the built-in plugin "${name}" is missing`)
  }
  const seen = new Set<string>()
  for (const { name } of custom) {
    if (isBuiltinName(name)) {
      throw new PluginsUnusable(
        `a custom plugin must not be named "${name}", which is a built-in one: rename it`,
      )
    }
    if (seen.has(name)) {
      throw new PluginsUnusable(
        `two custom plugins are named "${name}": name only one of their modules in GATEHOUSE_PLUGINS`,
      )
    }
    seen.add(name)
  }
}

export function describePlugins({ builtins, custom }: PluginDefinitions): readonly PluginDescription[] {
  return [
    ...builtinNames.map((name) => describe(builtins[name], true)),
    ...custom.map((plugin) => describe(plugin, false)),
  ]
}

function describe(
  { name, version, config }: Pick<PluginDefinition, 'name' | 'version' | 'config'>,
  builtin: boolean,
): PluginDescription {
  return { name, version, builtin, configSchema: config }
}

/** A custom plugin gets the public host: no secrets, no money. */
export function publicHost(host: BuiltinHost, name: string): Host {
  const log = (level: 'info' | 'warn' | 'error') => (fields: object, message: string) =>
    host.log[level]({ plugin: name, ...fields }, message)
  return Object.freeze({
    log: Object.freeze({ info: log('info'), warn: log('warn'), error: log('error') }),
    now: () => host.now(),
  })
}
