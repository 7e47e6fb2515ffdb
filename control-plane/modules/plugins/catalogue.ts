import type { EntityManager } from '@mikro-orm/postgresql'
import type { Json } from '../../../contract/canonical.ts'
import { listReportedPlugins } from '../data-planes/index.ts'
import { type Plugin, PluginEntity } from './entity.ts'
import { positionOf } from './snapshot.ts'

/** A plugin: what data planes reported about its code, and what the organization set. */
export interface PluginStanding {
  readonly name: string
  /** Null when no data plane has loaded it now. */
  readonly version: string | null
  /** Of the settings; 0 until it is configured. */
  readonly settingsVersion: number
  readonly builtin: boolean
  readonly enabled: boolean
  readonly position: { readonly side: 'before' | 'after'; readonly of: string } | null
  readonly order: number
  readonly config: Readonly<Record<string, Json>>
  /** Null when no data plane has loaded it now. */
  readonly configSchema: unknown
}

/** Every plugin that a data plane has loaded or that was configured before, by name. */
export async function readPluginStandings(
  em: EntityManager,
  organizationId: string,
): Promise<PluginStanding[]> {
  const reported = await listReportedPlugins(em, organizationId)
  const configured = await em.find(PluginEntity, {})
  const byName = new Map(configured.map((plugin) => [plugin.name, plugin]))
  const loaded = reported.map(({ name, version, builtin, configSchema }) => ({
    ...settingsOf(name, builtin, byName.get(name)),
    version,
    configSchema,
  }))
  const absent = configured
    .filter(({ name }) => !reported.some((plugin) => plugin.name === name))
    .map((plugin) => ({ ...settingsOf(plugin.name, false, plugin), version: null, configSchema: null }))
  return [...loaded, ...absent].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A built-in plugin is always on; a custom one is off until it is configured. */
function settingsOf(name: string, builtin: boolean, row: Plugin | undefined) {
  return {
    name,
    settingsVersion: row?.version ?? 0,
    builtin,
    enabled: builtin || (row?.enabled ?? false),
    position: row ? positionOf(row) : null,
    order: row?.sortOrder ?? 0,
    config: row?.config ?? {},
  }
}
