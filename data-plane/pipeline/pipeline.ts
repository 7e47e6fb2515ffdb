import type { BuiltinHooks } from '../../plugins/sdk/builtin.ts'
import type { UpstreamRequest } from '../../plugins/sdk/call.ts'
import type { Host } from '../../plugins/sdk/plugin.ts'
import type { GovernedCall } from './call.ts'
import { isPromise } from './call-limits.ts'
import type { Instance } from './instances.ts'
import type { StageMetrics } from './stage-metrics.ts'

export type PluginLog = Pick<Host['log'], 'error'>

type Hook<Name extends keyof BuiltinHooks> = NonNullable<BuiltinHooks[Name]>

/** One hook of one plugin, ready to be called. */
export interface Step<Name extends keyof BuiltinHooks> {
  readonly plugin: string
  readonly metrics: StageMetrics
  /** Whether this hook is the one by which the plugin's calls are counted and timed. */
  readonly counts: boolean
  readonly run: Hook<Name>
}

/** Where a pipeline counts and reports bugs; shared by the pipelines that follow each other. */
export interface Surroundings {
  readonly metricsOf: (plugin: string) => StageMetrics
  readonly log: PluginLog
}

const countingOrder = ['respond', 'onCall', 'onUpstream', 'onChunk', 'onComplete'] as const

/** The plugins of one configuration in flat arrays of hooks. Calls enter and leave; a retired one closes when empty. */
export class Pipeline {
  readonly instances: readonly Instance[]
  readonly log: PluginLog
  readonly onCall: readonly Step<'onCall'>[]
  readonly onUpstream: readonly Step<'onUpstream'>[]
  readonly onChunk: readonly Step<'onChunk'>[]
  /** In reverse order. */
  readonly onComplete: readonly Step<'onComplete'>[]
  readonly respond: Step<'respond'>
  /** The index in `onCall` of the stage that identifies the caller. */
  readonly identifyingStep: number
  readonly #onEmpty: () => void
  #calls = 0
  #retired = false

  /** @param onEmpty called once, when the pipeline is retired and its last call has left. */
  constructor(instances: readonly Instance[], { metricsOf, log }: Surroundings, onEmpty: () => void) {
    const steps = <Name extends (typeof countingOrder)[number]>(name: Name) =>
      instances.flatMap((instance) => stepOf(instance, name, metricsOf(instance.name)))
    this.instances = instances
    this.log = log
    this.onCall = steps('onCall')
    this.onUpstream = steps('onUpstream')
    this.onChunk = steps('onChunk')
    this.onComplete = steps('onComplete').reverse()
    const [respond, ...others] = steps('respond')
    if (!respond || others.length > 0) throw new Error('exactly one stage must answer calls')
    this.respond = respond
    this.identifyingStep = this.onCall.findIndex(({ plugin }) => plugin === 'auth')
    if (this.identifyingStep < 0) throw new Error('no stage identifies the caller')
    this.#onEmpty = onEmpty
  }

  enter(): void {
    this.#calls++
  }

  leave(): void {
    this.#calls--
    if (this.#retired && this.#calls === 0) this.#onEmpty()
  }

  /** No call enters any more. */
  retire(): void {
    if (this.#retired) return
    this.#retired = true
    if (this.#calls === 0) this.#onEmpty()
  }

  /** Passes what is about to leave through the `onUpstream` hooks. A call that was refused here stays refused. */
  prepareUpstream(call: GovernedCall, request: UpstreamRequest): void | Promise<void> {
    if (call.upstreamRefusal) throw call.upstreamRefusal.error
    return this.#prepareFrom(0, call, request)
  }

  #prepareFrom(from: number, call: GovernedCall, request: UpstreamRequest): void | Promise<void> {
    for (let index = from; index < this.onUpstream.length; index++) {
      const step = this.onUpstream[index]
      if (!step) break
      if (step.counts) step.metrics.calls++
      const startedAtMs = step.counts ? performance.now() : 0
      try {
        const waiting = step.run(call, request)
        if (isPromise(waiting)) {
          return waiting.then(
            () => this.#prepareFrom(index + 1, call, request),
            (error: unknown) => refuseUpstream(call, step.plugin, error),
          )
        }
      } catch (error) {
        refuseUpstream(call, step.plugin, error)
      }
      if (step.counts) step.metrics.latency.record(performance.now() - startedAtMs)
    }
  }

  /** What a streamed answer passes through; undefined when no plugin looks at it. */
  chunkFilter(call: GovernedCall): ((chunk: Buffer) => Buffer) | undefined {
    if (this.onChunk.length === 0) return undefined
    return (chunk) => {
      let piece = chunk
      for (const step of this.onChunk) {
        try {
          piece = step.run(call, piece)
        } catch (error) {
          call.refusedBy = step.plugin
          throw error
        }
      }
      return piece
    }
  }
}

function stepOf<Name extends (typeof countingOrder)[number]>(
  { name: plugin, hooks }: Instance,
  name: Name,
  metrics: StageMetrics,
): Step<Name>[] {
  const hook = hooks[name]
  if (!hook) return []
  const counts = countingOrder.find((candidate) => hooks[candidate] !== undefined) === name
  // Bound to its own object, so that a plugin may use `this`; the hook keeps its type.
  return [{ plugin, metrics, counts, run: hook.bind(hooks) as Hook<Name> }]
}

function refuseUpstream(call: GovernedCall, plugin: string, error: unknown): never {
  call.upstreamRefusal = { error }
  call.refusedBy = plugin
  throw error
}
