import { Type } from 'typebox'
import { PipelineCompiler } from '../../data-plane/pipeline/compiler.ts'
import type { PluginDefinitions } from '../../data-plane/pipeline/definitions.ts'
import { type BuiltinName, builtinNames } from '../../data-plane/pipeline/stages.ts'
import {
  type BuiltinDefinition,
  type BuiltinHooks,
  type BuiltinHost,
  defineBuiltin,
} from '../../plugins/sdk/builtin.ts'
import { Denied } from '../../plugins/sdk/denied.ts'

/** A built-in stage that does what a test says. */
export function stubStage(name: string, hooks: BuiltinHooks = {}): BuiltinDefinition {
  return defineBuiltin({ name, config: Type.Object({}), setup: () => hooks })
}

/** An `auth` stage that knows one key, `good-key`. */
export const stubAuth: BuiltinHooks = {
  onCall(call) {
    const at = call.rawHeaders.findIndex((name) => name.toLowerCase() === 'authorization')
    if (at < 0) throw new Denied('virtual_key_required')
    if (call.rawHeaders[at + 1] !== 'Bearer good-key') throw new Denied('virtual_key_not_found')
    call.key = call.configuration.keyByDigest('digest-of-good-key')
  },
}

/** A `provider` stage that answers every call with 200 and `{}`. */
export const stubProvider: BuiltinHooks = {
  respond(call) {
    call.reply.send(200, { 'content-type': 'application/json' }, Buffer.from('{}'))
  },
}

export type StubStages = Partial<Record<BuiltinName, BuiltinHooks>>

/** Definitions of all six stages: `auth` and `provider` as above, the rest empty, unless given. */
export function stubDefinitions(
  stages: StubStages = {},
  custom: PluginDefinitions['custom'] = [],
): PluginDefinitions {
  const hooks: StubStages = { auth: stubAuth, provider: stubProvider, ...stages }
  const stub = (name: BuiltinName) => stubStage(name, hooks[name])
  return {
    builtins: {
      auth: stub('auth'),
      rbac: stub('rbac'),
      budget: stub('budget'),
      'header-filter': stub('header-filter'),
      audit: stub('audit'),
      provider: stub('provider'),
    },
    custom,
  }
}

export interface LoggedError {
  readonly fields: object
  readonly message: string
}

/** Nobody's token is good. */
export const noTokens: BuiltinHost['tokens'] = {
  verify() {
    throw new Denied('authentication_required')
  },
  known: () => undefined,
}

/** A host that governs nothing; what it logs as errors is kept. */
export function stubHost(logged: LoggedError[] = []): Omit<BuiltinHost, 'prepareUpstream'> {
  return {
    log: { info() {}, warn() {}, error: (fields, message) => logged.push({ fields, message }) },
    staleness: () => undefined,
    now: () => 1_700_000_000_000,
    digest: (secret) => secret,
    credential: () => undefined,
    tokens: noTokens,
    ledger: { reserve: () => ({ nanoUsd: 0, charges: [] }), settle: () => [] },
    budgets: { standing: () => [] },
    concurrency: { enter: () => ({ release() {} }) },
    limits: { take: () => ({ settle() {}, release() {} }), standing: () => [] },
    journal: { intend() {}, finish() {} },
    random: () => 0,
  }
}

export function stubCompiler(stages?: StubStages, custom?: PluginDefinitions['custom']): PipelineCompiler {
  return new PipelineCompiler(stubDefinitions(stages, custom), stubHost())
}

export { builtinNames }

/** Compiles pipelines of these stages; what they throw by mistake is added to `logged`. */
export function compilerOf(
  stages: StubStages,
  logged: LoggedError[] = [],
  custom: Parameters<typeof stubDefinitions>[1] = [],
): PipelineCompiler {
  return new PipelineCompiler(stubDefinitions(stages, custom), stubHost(logged))
}
