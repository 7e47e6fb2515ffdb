import type { PluginSettings } from '../../plugins/sdk/builtin.ts'

/** The stages that every call passes, in this order; none can be left out, moved or switched off. */
export const builtinNames = ['auth', 'rbac', 'budget', 'header-filter', 'audit', 'provider'] as const
export type BuiltinName = (typeof builtinNames)[number]

/** A configuration asks for plugins that this data plane cannot run; it keeps the configuration that it has. */
export class PluginsRefused extends Error {
  override readonly name = 'PluginsRefused'
}

export function isBuiltinName(name: string): name is BuiltinName {
  return builtinNames.some((builtin) => builtin === name)
}

/** One plugin at its place. */
export interface Stage {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
}

const noConfig = Object.freeze({})

/**
 * The stages of a configuration, in order: the built-in ones, and each enabled custom one before or after its anchor,
 * by `order`, then by name.
 *
 * @throws PluginsRefused when a built-in is switched off or moved, or a custom plugin has no place or no code here.
 */
export function orderStages(
  settings: readonly PluginSettings[],
  loaded: ReadonlySet<string>,
): readonly Stage[] {
  const byName = new Map<string, PluginSettings>()
  for (const setting of settings) {
    if (byName.has(setting.name)) throw new PluginsRefused(`plugin "${setting.name}" is configured twice`)
    byName.set(setting.name, setting)
    checkSettings(setting, loaded)
  }
  const custom = settings
    .filter(({ name, enabled }) => enabled && !isBuiltinName(name))
    .sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1))
  return builtinNames.flatMap((name) => [
    ...custom.filter(({ position }) => position?.of === name && position.side === 'before'),
    { name, config: byName.get(name)?.config ?? noConfig },
    ...custom.filter(({ position }) => position?.of === name && position.side === 'after'),
  ])
}

function checkSettings({ name, enabled, position }: PluginSettings, loaded: ReadonlySet<string>): void {
  if (isBuiltinName(name)) {
    if (!enabled) throw new PluginsRefused(`plugin "${name}" is built in and cannot be switched off`)
    if (position) throw new PluginsRefused(`plugin "${name}" is built in and cannot be moved`)
    return
  }
  if (!enabled) return
  if (!loaded.has(name)) {
    throw new PluginsRefused(
      `plugin "${name}" is not loaded on this data plane: name its module in GATEHOUSE_PLUGINS, or disable it`,
    )
  }
  if (!position || !isBuiltinName(position.of)) {
    throw new PluginsRefused(`plugin "${name}" must stand before or after one of ${builtinNames.join(', ')}`)
  }
}
