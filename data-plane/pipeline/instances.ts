import { Check, Default, Errors } from 'typebox/value'
import { canonicalJson, type Json } from '../../contract/canonical.ts'
import type { BuiltinHooks, BuiltinHost } from '../../plugins/sdk/builtin.ts'
import { type PluginDefinitions, publicHost } from './definitions.ts'
import { isBuiltinName, PluginsRefused, type Stage } from './stages.ts'

/** The hooks of one plugin under one configuration; shared by all pipelines that ask for the same. */
export interface Instance {
  readonly name: string
  readonly version: string
  readonly builtin: boolean
  readonly hooks: BuiltinHooks
}

interface Held {
  readonly instance: Instance
  users: number
}

/** Makes plugin instances, one per plugin and distinct configuration, and closes those that nobody uses. */
export class Instances {
  readonly #definitions: PluginDefinitions
  readonly #host: BuiltinHost
  readonly #held = new Map<string, Held>()
  readonly #keys = new WeakMap<Instance, string>()

  constructor(definitions: PluginDefinitions, host: BuiltinHost) {
    this.#definitions = definitions
    this.#host = host
  }

  /** @throws PluginsRefused when the configuration does not fit the plugin's schema or `setup` refuses it. */
  acquire({ name, config }: Stage): Instance {
    const definition = this.#definition(name)
    const settings = Default(definition.config, structuredClone(config))
    if (!Check(definition.config, settings)) {
      const [first] = Errors(definition.config, settings)
      throw new PluginsRefused(
        `configuration of plugin "${name}" at ${first?.instancePath || '/'}: ${first?.message ?? 'invalid'}`,
      )
    }
    // The schema accepted it, and it came as JSON.
    const key = `${name} ${canonicalJson(settings as Json)}`
    let held = this.#held.get(key)
    if (!held) {
      held = { instance: this.#setUp(name, settings), users: 0 }
      this.#held.set(key, held)
      this.#keys.set(held.instance, key)
    }
    held.users++
    return held.instance
  }

  release(instance: Instance): void {
    const key = this.#keys.get(instance)
    const held = key === undefined ? undefined : this.#held.get(key)
    if (key === undefined || !held || --held.users > 0) return
    this.#held.delete(key)
    instance.hooks.close?.().catch((error: unknown) => {
      this.#host.log.error({ plugin: instance.name, err: error }, 'a plugin failed to close')
    })
  }

  #definition(name: string) {
    const custom = this.#definitions.custom.find((plugin) => plugin.name === name)
    const definition = isBuiltinName(name) ? this.#definitions.builtins[name] : custom
    if (!definition) throw new PluginsRefused(`plugin "${name}" is not loaded on this data plane`)
    return definition
  }

  #setUp(name: string, settings: Record<string, unknown>): Instance {
    try {
      if (isBuiltinName(name)) {
        const { version, setup } = this.#definitions.builtins[name]
        return { name, version, builtin: true, hooks: setup(settings, this.#host) }
      }
      const custom = this.#definitions.custom.find((plugin) => plugin.name === name)
      if (!custom) throw new Error('not loaded')
      const hooks = custom.setup(settings, publicHost(this.#host, name))
      return { name, version: custom.version, builtin: false, hooks: withoutPower(hooks) }
    } catch (error) {
      if (error instanceof PluginsRefused) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new PluginsRefused(`plugin "${name}" refused its configuration: ${reason}`)
    }
  }
}

/** The hooks that a custom plugin may have: answering a call in place of the provider is not among them. */
function withoutPower(hooks: BuiltinHooks): BuiltinHooks {
  const { onCall, onUpstream, onChunk, onComplete } = hooks
  return {
    ...(onCall && { onCall: onCall.bind(hooks) }),
    ...(onUpstream && { onUpstream: onUpstream.bind(hooks) }),
    ...(onChunk && { onChunk: onChunk.bind(hooks) }),
    ...(onComplete && { onComplete: onComplete.bind(hooks) }),
  }
}
