import type { Plugin as PluginDocument } from '../../../contract/configuration/entities.ts'
import type { Plugin } from './entity.ts'

export function pluginSnapshot(plugin: Plugin): PluginDocument {
  const { id, name, enabled, sortOrder, config } = plugin
  return { kind: 'plugin', id, name, enabled, position: positionOf(plugin), order: sortOrder, config }
}

/** The table has both columns or neither. */
export function positionOf({ positionSide, positionOf }: Pick<Plugin, 'positionSide' | 'positionOf'>) {
  return positionSide !== null && positionOf !== null ? { side: positionSide, of: positionOf } : null
}
