/*
 * What the author of a plugin needs to test it without a data plane: a call, and a run of the hooks over it in the
 * order in which a data plane runs them.
 */
import type { Static, TObject } from 'typebox'
import { Check, Default, Errors } from 'typebox/value'
import type { Call, KeyIdentity, Operation, Outcome, Principal, UpstreamRequest, Usage } from './call.ts'
import { Denied } from './denied.ts'
import type { InferenceRights } from './inference.ts'
import type { Hooks, PluginDefinition } from './plugin.ts'
import type { Slot } from './slot.ts'

export interface TestCallOptions {
  readonly id?: string
  readonly operation?: Operation
  readonly path?: string
  /** Text and bytes are taken as they are, anything else as JSON. */
  readonly body?: unknown
  /** Names in any case. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  readonly receivedAt?: number
  readonly principal?: Partial<Principal>
  readonly virtualKey?: KeyIdentity
  /** Roles do not decide unless said. */
  readonly inferenceRights?: InferenceRights | null
  readonly usage?: Usage
}

const testPrincipal: Principal = {
  organizationId: 'org_test',
  workspaceId: 'ws_test',
  customerId: 'cus_test',
  businessUnitId: null,
  teamId: 'team_test',
  userId: null,
}

/** A call as a plugin would meet it behind `auth`: a chat with one short message unless said otherwise. */
export function testCall(options: TestCallOptions = {}): Call {
  const body = bytesOf(
    options.body ?? { model: 'test-model', messages: [{ role: 'user', content: 'Hello' }] },
  )
  const members = membersOf(body)
  const headers = new Map(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const slots = new Map<Slot<unknown>, unknown>()
  const id = options.id ?? 'evt_test'
  return {
    id,
    requestId: headers.get('x-request-id') ?? id,
    receivedAt: options.receivedAt ?? Date.now(),
    operation: options.operation ?? 'chat.completions',
    path: options.path ?? '/v1/chat/completions',
    stream: members.stream === true,
    model: typeof members.model === 'string' ? members.model : '',
    maxOutputTokens: outputLimitOf(members),
    body,
    principal: { ...testPrincipal, ...options.principal },
    virtualKey: options.virtualKey ?? { id: 'vk_test', name: 'test key' },
    inferenceRights: options.inferenceRights ?? null,
    usage: options.usage,
    header: (name) => headers.get(name),
    // The slot itself is the key, and only `set` of the same slot wrote under it.
    get: <T>(slot: Slot<T>) => slots.get(slot) as T | undefined,
    set: (slot, value) => void slots.set(slot, value),
  }
}

export interface RunOptions<Schema extends TObject> {
  /** Checked against the plugin's schema; what is missing gets the schema's defaults. */
  readonly config?: Partial<Static<Schema>>
  readonly call?: Call
  /** The pieces of a streamed answer. Without them the answer is whole, and no chunk hook runs. */
  readonly chunks?: readonly (string | Buffer)[]
  /** The clock that the plugin reads, in milliseconds since the epoch. */
  readonly now?: () => number
}

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: object
  readonly message: string
}

export interface PluginRun {
  /** The refusal, whichever hook threw it. */
  readonly denied: Denied | undefined
  /** What the provider would have got; undefined when the call was refused before. */
  readonly upstream: UpstreamRequest | undefined
  /** The streamed pieces that the caller would have got. */
  readonly chunks: readonly Buffer[]
  readonly outcome: Outcome
  readonly log: readonly LogEntry[]
}

/**
 * Runs one call through one plugin, from `onCall` to `onComplete`, as a data plane does.
 *
 * @throws TypeError when the configuration does not fit the schema; whatever else a hook throws that is not `Denied`,
 * for which a data plane answers 500.
 */
export async function runPlugin<Schema extends TObject>(
  plugin: PluginDefinition<Schema>,
  options: RunOptions<Schema> = {},
): Promise<PluginRun> {
  const call = options.call ?? testCall()
  const log: LogEntry[] = []
  const hooks = plugin.setup(readConfig(plugin, options.config ?? {}), {
    log: {
      info: (fields, message) => void log.push({ level: 'info', fields, message }),
      warn: (fields, message) => void log.push({ level: 'warn', fields, message }),
      error: (fields, message) => void log.push({ level: 'error', fields, message }),
    },
    now: options.now ?? Date.now,
  })
  const progress: Progress = { upstream: undefined, chunks: [] }
  let thrown: { readonly error: unknown } | undefined
  try {
    await pass(call, hooks, options.chunks ?? [], progress)
  } catch (error) {
    thrown = { error }
  }
  const denied = thrown?.error instanceof Denied ? thrown.error : undefined
  const outcome = outcomeOf(plugin.name, thrown !== undefined, denied, progress)
  await hooks.onComplete?.(call, outcome)
  if (thrown && !denied) throw thrown.error
  return { denied, ...progress, outcome, log }
}

interface Progress {
  upstream: UpstreamRequest | undefined
  readonly chunks: Buffer[]
}

async function pass(
  call: Call,
  hooks: Hooks,
  chunks: readonly (string | Buffer)[],
  progress: Progress,
): Promise<void> {
  await hooks.onCall?.(call)
  const request: UpstreamRequest = {
    provider: 'test-provider',
    model: call.model,
    headers: { 'content-type': 'application/json' },
    body: call.body,
  }
  await hooks.onUpstream?.(call, request)
  progress.upstream = request
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk)
    progress.chunks.push(hooks.onChunk ? hooks.onChunk(call, bytes) : bytes)
  }
}

function outcomeOf(
  plugin: string,
  hasFailed: boolean,
  denied: Denied | undefined,
  { upstream }: Progress,
): Outcome {
  if (!hasFailed) {
    return { outcome: 'succeeded', status: 200, errorCode: null, refusedBy: null, durationMs: 1 }
  }
  return {
    outcome: denied && !upstream ? 'denied' : 'failed',
    status: denied?.status ?? 500,
    errorCode: denied?.code ?? 'plugin_error',
    refusedBy: plugin,
    durationMs: 1,
  }
}

function readConfig<Schema extends TObject>(
  { name, config }: PluginDefinition<Schema>,
  given: Partial<Static<Schema>>,
): Static<Schema> {
  const value = Default(config, structuredClone(given))
  if (Check(config, value)) return value
  const [first] = Errors(config, value)
  throw new TypeError(
    `configuration of plugin "${name}" at ${first?.instancePath || '/'}: ${first?.message ?? 'invalid'}`,
  )
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

type Members = { readonly [name: string]: unknown }

/** A body that is no JSON object has no members: a plugin may well be tested with one. */
function membersOf(body: Buffer): Members {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? (value as Members) : {}
  } catch {
    return {}
  }
}

function outputLimitOf(members: Members): number | null {
  const limit = members.max_completion_tokens ?? members.max_output_tokens ?? members.max_tokens
  return typeof limit === 'number' ? limit : null
}
