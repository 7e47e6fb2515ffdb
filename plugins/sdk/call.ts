import type { CallOutcome } from '../../contract/events.ts'
import type { InferenceRights } from './inference.ts'
import type { Slot } from './slot.ts'

/** What a route asks of a provider. */
export type Operation =
  | 'chat.completions'
  | 'completions'
  | 'embeddings'
  | 'responses'
  | 'images.generations'
  | 'models.list'
  | 'quota'
  /** A path or method that is not served: refused once the caller is known. */
  | 'unknown'

/** Whether a provider is asked, so that a model has to be named, money set aside and the call recorded before it leaves. */
export function asksProvider(operation: Operation): boolean {
  return operation !== 'models.list' && operation !== 'quota'
}

/** Whom a call is charged to. An id is null where the level does not exist for this key. */
export interface Principal {
  readonly organizationId: string
  readonly workspaceId: string
  readonly customerId: string | null
  readonly businessUnitId: string | null
  readonly teamId: string | null
  readonly userId: string | null
}

export interface KeyIdentity {
  readonly id: string
  readonly name: string
}

export interface Usage {
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly images: number
  /** The part of `inputTokens` that encodes sound; absent: 0, as of all counts that may be absent. */
  readonly audioInputTokens?: number
  /** The parts of `outputTokens` that were thought and not said, and that encode sound. */
  readonly reasoningTokens?: number
  readonly audioOutputTokens?: number
  /** How often the provider ran a tool of its own. */
  readonly toolCalls?: number
  /** The provider gave no usage: these are our own counts. */
  readonly estimated: boolean
  readonly costNanoUsd: number
}

/** One inference call on its way through the pipeline. */
export interface Call {
  /** Unique; usage and audit records carry it. */
  readonly id: string
  /** The caller's `x-request-id` when it sent a usable one. */
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly operation: Operation
  /** The path with its query, `/v1/chat/completions`. */
  readonly path: string
  /** Whether the caller asked for server-sent events. */
  readonly stream: boolean
  /** As the caller named it; empty where the operation has none. */
  readonly model: string
  /** The caller's own limit on the answer's length, in tokens. */
  readonly maxOutputTokens: number | null
  /** The body as it came, byte for byte. Parse it only when you must: it costs 6 µs per kB. */
  readonly body: Buffer
  /** Set once the `auth` stage has passed. */
  readonly principal: Principal | undefined
  readonly virtualKey: KeyIdentity | undefined
  /**
   * What the roles give of inference of the user whom the call is charged to, see `requirePermission`; null: roles do not
   * decide about this call, or `auth` has not passed.
   */
  readonly inferenceRights: InferenceRights | null
  /** Set before `onComplete` when the provider was asked. */
  readonly usage: Usage | undefined
  /** A request header by its lower-case name. Headers that carry credentials read as undefined. */
  header(name: string): string | undefined
  get<T>(slot: Slot<T>): T | undefined
  set<T>(slot: Slot<T>, value: T): void
}

/** What is about to be sent to a provider. */
export interface UpstreamRequest {
  readonly provider: string
  readonly model: string
  /** Lower-case names. The provider's own credential is added afterwards and is never seen here. */
  readonly headers: Record<string, string>
  body: Buffer
}

/** How a call ended, for `onComplete`. */
export interface Outcome {
  readonly outcome: CallOutcome
  /** The HTTP status that the caller saw. */
  readonly status: number
  readonly errorCode: string | null
  /** The plugin that refused or failed. */
  readonly refusedBy: string | null
  readonly durationMs: number
}
