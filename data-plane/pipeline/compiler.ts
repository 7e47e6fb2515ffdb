import type {
  BuiltinCall,
  BuiltinHost,
  Configuration,
  PluginSettings,
  ProviderActivity,
} from '../../plugins/sdk/builtin.ts'
import type { UpstreamRequest } from '../../plugins/sdk/call.ts'
import { GovernedCall } from './call.ts'
import { isPromise } from './call-limits.ts'
import {
  checkDefinitions,
  describePlugins,
  type PluginDefinitions,
  type PluginDescription,
} from './definitions.ts'
import { type Instance, Instances } from './instances.ts'
import { Pipeline, type PluginLog } from './pipeline.ts'
import { StageMetrics, type StageReport } from './stage-metrics.ts'
import { orderStages } from './stages.ts'

export type LastTouch = (call: BuiltinCall, request: UpstreamRequest) => void

interface Compiled {
  readonly settings: readonly PluginSettings[]
  readonly pipeline: Pipeline
}

/** Compiles the plugins of a configuration and keeps the pipeline of the current one. */
export class PipelineCompiler {
  readonly #definitions: PluginDefinitions
  readonly #instances: Instances
  readonly #loaded: ReadonlySet<string>
  readonly #log: PluginLog
  readonly #metrics = new Map<string, StageMetrics>()
  #current: Compiled | undefined
  #candidate: Compiled | undefined

  /**
   * @param lastTouch what is done to each request after all hooks, just before it leaves.
   * @throws PluginsUnusable when a built-in stage is missing or two plugins share a name.
   */
  constructor(
    definitions: PluginDefinitions,
    host: Omit<BuiltinHost, 'prepareUpstream'>,
    lastTouch?: LastTouch,
  ) {
    checkDefinitions(definitions)
    this.#definitions = definitions
    this.#log = host.log
    this.#loaded = new Set(definitions.custom.map(({ name }) => name))
    this.#instances = new Instances(
      definitions,
      Object.freeze({ ...host, prepareUpstream: endingWith(lastTouch) }),
    )
  }

  /**
   * Sets up the plugins of a configuration that is about to be applied.
   *
   * @throws PluginsRefused, and then nothing has changed.
   */
  check({ plugins }: Pick<Configuration, 'plugins'>): void {
    if (plugins === this.#current?.settings || plugins === this.#candidate?.settings) return
    const candidate = this.#compile(plugins)
    this.#candidate?.pipeline.retire()
    this.#candidate = candidate
  }

  /** The pipeline of the configuration that runs now; the one before it retires. */
  pipelineFor({ plugins }: Pick<Configuration, 'plugins'>): Pipeline {
    if (this.#current?.settings === plugins) return this.#current.pipeline
    const isChecked = this.#candidate?.settings === plugins
    const next = isChecked && this.#candidate ? this.#candidate : this.#compile(plugins)
    if (isChecked) this.#candidate = undefined
    this.#current?.pipeline.retire()
    this.#current = next
    return next.pipeline
  }

  /** Every plugin that this process has loaded. */
  get descriptions(): readonly PluginDescription[] {
    return describePlugins(this.#definitions)
  }

  /** Every loaded plugin with what it did so far, those of the running configuration first and in order. */
  report(): readonly StageReport[] {
    const running = this.#current?.pipeline.instances.map(({ name }) => name) ?? []
    const known = new Map(this.descriptions.map((plugin) => [plugin.name, plugin]))
    const idle = [...known.keys()].filter((name) => !running.includes(name))
    return [...running, ...idle].flatMap((name, index) => {
      const plugin = known.get(name)
      if (!plugin) return []
      const { calls, denials, errors, latency } = this.#metricsOf(name)
      const times = { p50Ms: latency.quantileMs(0.5), p99Ms: latency.quantileMs(0.99) }
      const { version, builtin } = plugin
      const enabled = index < running.length
      const order = enabled ? index + 1 : 0
      return [{ name, version, builtin, enabled, order, calls, denials, errors, ...times }]
    })
  }

  /** What the running configuration's answering stage did with each provider. */
  activity(): readonly ProviderActivity[] {
    const instances = this.#current?.pipeline.instances ?? []
    return instances.flatMap(({ hooks }) => hooks.activity?.() ?? [])
  }

  close(): void {
    this.#current?.pipeline.retire()
    this.#candidate?.pipeline.retire()
  }

  #compile(settings: readonly PluginSettings[]): Compiled {
    const instances: Instance[] = []
    try {
      for (const stage of orderStages(settings, this.#loaded)) instances.push(this.#instances.acquire(stage))
    } catch (error) {
      for (const instance of instances) this.#instances.release(instance)
      throw error
    }
    const pipeline = new Pipeline(
      instances,
      { metricsOf: (plugin) => this.#metricsOf(plugin), log: this.#log },
      () => {
        for (const instance of instances) this.#instances.release(instance)
      },
    )
    return { settings, pipeline }
  }

  #metricsOf(plugin: string): StageMetrics {
    let metrics = this.#metrics.get(plugin)
    if (!metrics) {
      metrics = new StageMetrics()
      this.#metrics.set(plugin, metrics)
    }
    return metrics
  }
}

function prepareUpstream(call: BuiltinCall, request: UpstreamRequest): void | Promise<void> {
  if (call instanceof GovernedCall) return call.pipeline.prepareUpstream(call, request)
  throw new TypeError('not a call of this data plane')
}

function endingWith(lastTouch: LastTouch | undefined): BuiltinHost['prepareUpstream'] {
  if (!lastTouch) return prepareUpstream
  return (call, request) => {
    const waiting = prepareUpstream(call, request)
    if (isPromise(waiting)) return waiting.then(() => lastTouch(call, request))
    lastTouch(call, request)
  }
}
