import type { EntityManager } from '@mikro-orm/postgresql'
import type { Json } from '../../../contract/canonical.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { checkVersion, type ExpectedVersion } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkInteger, checkName } from '../../input.ts'
import { lockPolicyOwner } from '../../policy-owners.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { listReportedPlugins, type ReportedPlugin } from '../data-planes/index.ts'
import { type PluginStanding, readPluginStandings } from './catalogue.ts'
import { checkPluginConfig } from './config.ts'
import { type Plugin, PluginEntity } from './entity.ts'
import { PluginBuiltin, PluginUnknown } from './errors.ts'
import { pluginSnapshot, positionOf } from './snapshot.ts'

const largestOrder = 1_000_000

/** What is left out stays as it is. */
export interface ConfigurePlugin extends ExpectedVersion {
  readonly name: string
  readonly enabled?: boolean | null | undefined
  readonly position?: { readonly side: 'before' | 'after'; readonly of: string } | null | undefined
  readonly order?: number | null | undefined
  readonly config?: Json | undefined
}

export function listPlugins(context: ServiceContext, actor: Actor): Promise<PluginStanding[]> {
  return transactionOf(context, actor, (em) => readPluginStandings(em, actor.organizationId))
}

/**
 * Says how a plugin that data planes have loaded is to run. The code itself is never named here: the operator of a
 * data plane loads it.
 *
 * @throws PluginUnknown, PluginBuiltin, PluginConfigInvalid, StaleUpdate
 */
export function configurePlugin(
  context: ServiceContext,
  actor: Actor,
  input: ConfigurePlugin,
): Promise<PluginStanding> {
  const { organizationId } = actor
  actor.require('plugins:update', { workspaceId: null })
  checkName('name', input.name)
  return transactionOf(context, actor, async (em) => {
    // Two first configurations of one plugin would make two rows.
    await lockPolicyOwner(em, actor, { kind: 'organization', id: organizationId })
    const reported = await listReportedPlugins(em, organizationId)
    const present = await em.findOne(PluginEntity, { name: input.name })
    const known = reported.find(({ name }) => name === input.name)
    if (!known && !present) throw unknownPlugin(input.name, reported)
    checkVersion(present ?? { version: 0 }, 'plugin', input.name, input.expectedVersion)
    const before = present && settingsOf(present)
    const plugin = present ?? createPlugin(em, organizationId, input.name, known?.builtin ?? false)
    applySettings(plugin, input, reported)
    await recordChange(
      context,
      em,
      actor,
      {
        type: 'plugin.configured',
        subject: { kind: 'plugin', id: plugin.id },
        details: { name: plugin.name, before, after: settingsOf(plugin) },
      },
      { upserts: [pluginSnapshot(plugin)] },
    )
    const standings = await readPluginStandings(em, organizationId)
    const standing = standings.find(({ name }) => name === plugin.name)
    if (!standing) throw new Error(`plugin ${plugin.name} cannot be read back`)
    return standing
  })
}

function createPlugin(em: EntityManager, organizationId: string, name: string, builtin: boolean): Plugin {
  return em.create(PluginEntity, {
    id: newId('plg'),
    organizationId,
    name,
    enabled: builtin,
    positionSide: null,
    positionOf: null,
    sortOrder: 0,
    config: {},
  })
}

function applySettings(plugin: Plugin, input: ConfigurePlugin, reported: readonly ReportedPlugin[]): void {
  const known = reported.find(({ name }) => name === input.name)
  if (!known) {
    // What no data plane runs any more can still be switched off, else it would block every new configuration.
    if (input.enabled !== false || input.config !== undefined) throw unknownPlugin(input.name, reported)
    plugin.enabled = false
    return
  }
  if (input.config !== undefined) {
    plugin.config = checkPluginConfig(known.name, known.configSchema, input.config)
  }
  if (known.builtin) refuseMoving(input)
  else placeCustom(plugin, input, reported)
  // A custom plugin that was never configured may need more than an empty object.
  if (plugin.enabled) checkPluginConfig(known.name, known.configSchema, plugin.config)
}

function refuseMoving({ name, enabled, position, order }: ConfigurePlugin): void {
  if (enabled != null) throw new PluginBuiltin(name, 'enabled')
  if (position != null) throw new PluginBuiltin(name, 'position')
  if (order != null) throw new PluginBuiltin(name, 'order')
}

function placeCustom(plugin: Plugin, input: ConfigurePlugin, reported: readonly ReportedPlugin[]): void {
  const { enabled, position, order } = input
  if (position != null) {
    const builtins = reported.filter(({ builtin }) => builtin).map(({ name }) => name)
    if (!builtins.includes(position.of)) {
      checkName('position.of', position.of)
      throw new BadUserInput('position.of', `"${position.of}" is not built in: name one of ${list(builtins)}`)
    }
    plugin.positionSide = position.side
    plugin.positionOf = position.of
  }
  if (order != null) {
    plugin.sortOrder = checkInteger('order', order, { minimum: -largestOrder, maximum: largestOrder })
  }
  if (enabled != null) plugin.enabled = enabled
  if (plugin.enabled && positionOf(plugin) === null) {
    throw new BadUserInput('position', 'is needed: say before or after which built-in plugin it stands')
  }
}

function unknownPlugin(name: string, reported: readonly ReportedPlugin[]): PluginUnknown {
  return new PluginUnknown(name, list(reported.map((plugin) => plugin.name)))
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}

function settingsOf(plugin: Plugin) {
  const { enabled, sortOrder, config } = plugin
  return { enabled, position: positionOf(plugin), order: sortOrder, config }
}
