import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class PluginUnknown extends Refusal {
  constructor(name: string, known: string) {
    super(
      'PLUGIN_UNKNOWN',
      `No data plane has loaded a plugin "${name}"; loaded are: ${known}. Name its module in GATEHOUSE_PLUGINS of the data planes`,
    )
  }
}

export class PluginConfigInvalid extends Refusal {
  constructor(name: string, place: string, problem: string) {
    super('PLUGIN_CONFIG_INVALID', `config${place} of the plugin "${name}" ${problem}`)
  }
}

export class PluginBuiltin extends Refusal {
  constructor(name: string, field: string) {
    super(
      'PLUGIN_BUILTIN',
      `The plugin "${name}" is built in: leave out ${field}, only its config can be changed`,
    )
  }
}

refusalType(
  PluginUnknown,
  'No data plane has loaded a plugin of this name; the message lists those that are.',
)
refusalType(PluginConfigInvalid, 'The configuration does not fit the schema that the plugin declares.')
refusalType(PluginBuiltin, 'Built-in plugins are never switched off nor moved.')
