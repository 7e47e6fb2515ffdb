import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PluginDefinition } from '../../plugins/sdk/plugin.ts'
import { PluginsUnusable } from './definitions.ts'
import { provideSdk } from './provide-sdk.ts'

/**
 * Imports the modules that GATEHOUSE_PLUGINS names: packages by their name, files by a path that begins with `.` or
 * `/`. Only the operator's environment decides what code is loaded; a configuration never does.
 *
 * @throws PluginsUnusable that names the module and what is wrong with it.
 */
export async function loadCustomPlugins(specifiers: readonly string[]): Promise<readonly PluginDefinition[]> {
  if (specifiers.length > 0) provideSdk()
  return await Promise.all(specifiers.map(loadPlugin))
}

async function loadPlugin(specifier: string): Promise<PluginDefinition> {
  const isPath = specifier.startsWith('.') || specifier.startsWith('/') || /^[A-Za-z]:[\\/]/.test(specifier)
  let module: { readonly default?: unknown }
  try {
    module = await import(isPath ? pathToFileURL(resolve(specifier)).href : specifier)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new PluginsUnusable(`plugin module "${specifier}" cannot be loaded: ${reason}`)
  }
  const plugin = module.default
  if (isDefinition(plugin)) return plugin
  throw new PluginsUnusable(
    `plugin module "${specifier}" must export definePlugin({ name, version, config, setup }) as default`,
  )
}

function isDefinition(value: unknown): value is PluginDefinition {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'version' in value &&
    typeof value.version === 'string' &&
    'config' in value &&
    isObjectSchema(value.config) &&
    'setup' in value &&
    typeof value.setup === 'function'
  )
}

/** Of whatever copy of TypeBox the plugin brought. */
function isObjectSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'object'
}
