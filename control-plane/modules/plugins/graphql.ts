import { resolveArrayConnection } from '@pothos/plugin-relay'
import { builder } from '../../graphql/builder.ts'
import { expectedSettingsVersionField, StaleUpdate } from '../../graphql/concurrency-fields.ts'
import { checkPage, defaultPageSize, maximumPageSize } from '../../graphql/pagination.ts'
import type { PluginStanding } from './catalogue.ts'
import { PluginBuiltin, PluginConfigInvalid, PluginUnknown } from './errors.ts'
import { configurePlugin, listPlugins } from './service.ts'

const PluginSideType = builder.enumType('PluginSide', {
  description: 'On which side of a built-in plugin a custom one stands.',
  values: {
    BEFORE: { value: 'before', description: 'It sees a call before the built-in one.' },
    AFTER: { value: 'after', description: 'It sees a call after the built-in one.' },
  } as const,
})

const PluginPositionType = builder
  .objectRef<NonNullable<PluginStanding['position']>>('PluginPosition')
  .implement({
    description: 'Where a custom plugin stands.',
    fields: (t) => ({
      side: t.expose('side', { type: PluginSideType, description: 'Before or after.' }),
      of: t.exposeString('of', { description: 'The name of the built-in plugin.' }),
    }),
  })

const PluginType = builder.objectRef<PluginStanding>('Plugin').implement({
  description:
    'A stage that every call passes. Which code there is, the operators of the data planes say; how it runs is said here.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    version: t.exposeString('version', {
      nullable: true,
      description: 'As the data plane that reported last has it; null when none has loaded it now.',
    }),
    settingsVersion: t.exposeInt('settingsVersion', {
      description:
        'Raised with each change of its settings; 0 until it is configured. See `expectedVersion`.',
    }),
    builtin: t.exposeBoolean('builtin', {
      description: 'Whether it comes with Gatehouse: then it is always on, at its own place.',
    }),
    enabled: t.exposeBoolean('enabled', { description: 'Whether calls pass it.' }),
    position: t.expose('position', {
      type: PluginPositionType,
      nullable: true,
      description: 'Where it stands; null for a built-in one, and until it is given a place.',
    }),
    order: t.exposeInt('order', {
      description: 'Orders the plugins of one position, the smallest first, then by name.',
    }),
    config: t.expose('config', {
      type: 'JSON',
      description: 'Its configuration; what is absent has the default of the schema.',
    }),
    configSchema: t.expose('configSchema', {
      type: 'JSON',
      nullable: true,
      description: 'JSON Schema of its configuration; null when no data plane has loaded it now.',
    }),
  }),
})

builder.queryField('plugins', (t) =>
  t.connection(
    {
      type: PluginType,
      permission: 'plugins:view',
      description: 'The plugins that your data planes have loaded, and those configured before, by name.',
      resolve: async (_, args, { services, actor }) => {
        checkPage(args)
        const plugins = await listPlugins(services, actor)
        const page = resolveArrayConnection(
          { args, defaultSize: defaultPageSize, maxSize: maximumPageSize },
          plugins,
        )
        return { ...page, totalCount: async () => plugins.length }
      },
    },
    { name: 'PluginConnection', description: 'A page of plugins.' },
    { name: 'PluginEdge', description: 'A plugin with its cursor.' },
  ),
)

const PluginPositionInput = builder.inputType('PluginPositionInput', {
  description: 'Where a custom plugin is to stand.',
  fields: (t) => ({
    side: t.field({ type: PluginSideType, required: true, description: 'Before or after.' }),
    of: t.string({ required: true, description: 'The name of a built-in plugin.' }),
  }),
})

const ConfigurePluginInput = builder.inputType('ConfigurePluginInput', {
  description: 'How a plugin is to run; a field that is left out stays as it is.',
  fields: (t) => ({
    ...expectedSettingsVersionField(t),
    name: t.string({ required: true, description: 'The plugin; a data plane must have loaded it.' }),
    enabled: t.boolean({ description: 'Whether calls pass it. Not for a built-in one.' }),
    position: t.field({
      type: PluginPositionInput,
      description: 'Where it stands; needed to enable a custom plugin. Not for a built-in one.',
    }),
    order: t.int({
      description: 'Orders the plugins of one position: -1000000 to 1000000. Not for a built-in one.',
    }),
    config: t.field({
      type: 'JSON',
      description: 'All of its configuration anew: an object that its schema accepts, at most 64 KiB.',
    }),
  }),
})

builder.mutationField('configurePlugin', (t) =>
  t.field({
    type: PluginType,
    permission: 'plugins:update',
    description: 'Changes how a plugin runs, while traffic runs: calls that have begun end as they began.',
    errors: { types: [PluginUnknown, PluginBuiltin, PluginConfigInvalid, StaleUpdate] },
    args: { input: t.arg({ type: ConfigurePluginInput, required: true, description: 'The settings.' }) },
    resolve: (_, { input }, { services, actor }) => configurePlugin(services, actor, input),
  }),
)
