import type { Static, TObject } from 'typebox'
import type { Call, Outcome, UpstreamRequest } from './call.ts'

/** What the data plane offers to every plugin. */
export interface Host {
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
    error(fields: object, message: string): void
  }
  /** Milliseconds since the epoch; a test can set it. */
  now(): number
}

/**
 * A plugin's part in a call. All are optional and may be asynchronous; a hook that has nothing to wait for should
 * be a plain function, for it costs a tenth.
 */
export interface Hooks {
  /** In pipeline order, once the body is complete. Throw `Denied` to refuse. */
  onCall?(call: Call): void | Promise<void>
  /** In pipeline order, before each attempt: may change headers and body. Throw `Denied` to refuse. */
  onUpstream?(call: Call, request: UpstreamRequest): void | Promise<void>
  /** In pipeline order, on each piece of a streamed answer: the piece to send instead. Throw `Denied` to stop. */
  onChunk?(call: Call, chunk: Buffer): Buffer
  /** Always, in reverse order, whatever happened: settle, release, record. Must not throw. */
  onComplete?(call: Call, outcome: Outcome): void | Promise<void>
}

export interface PluginDefinition<Schema extends TObject = TObject, H = Host, K = Hooks> {
  /** Lower-case kebab; unique in a data plane. */
  readonly name: string
  readonly version: string
  /** JSON Schema of the configuration; the control plane validates with it and the console draws a form from it. */
  readonly config: Schema
  /** Called once per configuration that differs; the hooks serve every call that starts under it. */
  setup(config: Static<Schema>, host: H): K
}

/** Declares a plugin. Its module exports it as default. */
export function definePlugin<Schema extends TObject>(
  definition: PluginDefinition<Schema>,
): PluginDefinition<Schema> {
  if (!/^[a-z][a-z0-9-]*$/.test(definition.name)) {
    throw new TypeError(`plugin name "${definition.name}" must be lower-case kebab, such as "block-words"`)
  }
  return Object.freeze(definition)
}
