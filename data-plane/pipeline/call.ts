import type { IncomingMessage, ServerResponse } from 'node:http'
import { carriesCredential, requestIdHeader, usableRequestId } from '../../contract/headers.ts'
import type {
  BodyFields,
  BuiltinCall,
  CompiledKey,
  Configuration,
  HeaderTrail,
  Hold,
  InferenceRights,
  Target,
} from '../../plugins/sdk/builtin.ts'
import {
  asksProvider,
  type KeyIdentity,
  type Operation,
  type Principal,
  type Usage,
} from '../../plugins/sdk/call.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import type { Slot } from '../../plugins/sdk/slot.ts'
import { modelOf, noFields, scanBody } from './body.ts'
import { nextCallId } from './call-id.ts'
import type { OpenStreams } from './open-streams.ts'
import type { Pipeline } from './pipeline.ts'
import { HttpReply } from './reply.ts'

/** What a route found wrong before any stage ran. */
export interface Objection {
  /** `now`: before the first stage. `identified`: once `auth` has passed, so that strangers learn nothing. */
  readonly when: 'now' | 'identified'
  readonly denied: Denied
}

/** What the server knows of a call when its body is complete. */
export interface Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly operation: Operation
  readonly body: Buffer
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly configuration: Configuration
  readonly pipeline: Pipeline
  readonly streams: OpenStreams
  /** Headers of the answer that do not depend on it. */
  readonly answerHeaders: Record<string, string>
  readonly objection: Objection | undefined
  /** Where it comes from, when that is not simply the other end of the connection. */
  readonly sourceAddress: string | undefined
}

const noTargets: readonly Target[] = Object.freeze([])

/** One inference call: cheap to make, since what it can find out later it does not find out now. */
export class GovernedCall implements BuiltinCall {
  readonly id: string
  readonly requestId: string
  readonly receivedAt: number
  readonly startedAtMs: number
  readonly operation: Operation
  readonly path: string
  readonly body: Buffer
  readonly configuration: Configuration
  readonly reply: HttpReply
  readonly rawHeaders: readonly string[]
  readonly #request: IncomingMessage
  readonly #sourceAddress: string | undefined
  #fields: BodyFields | undefined
  #model: string | undefined
  #slots: Map<Slot<unknown>, unknown> | undefined
  objection: Objection | undefined
  key: CompiledKey | undefined = undefined
  targets: readonly Target[] = noTargets
  providerKeyId: string | null = null
  headerTrail: HeaderTrail | undefined = undefined
  hold: Hold | undefined = undefined
  usage: Usage | undefined = undefined
  /** The hook that runs now, or ran last. */
  step: { readonly plugin: string } | undefined = undefined
  /** Whether the answering stage has begun. */
  answering = false
  /** The plugin whose `onUpstream` or `onChunk` hook threw. */
  refusedBy: string | null = null
  /** What an `onUpstream` hook threw: nothing may leave for this call any more. */
  upstreamRefusal: { readonly error: unknown } | undefined = undefined
  /** The plugins under which the call runs, from its start to its end. */
  readonly pipeline: Pipeline

  constructor(arrival: Arrival) {
    const { request } = arrival
    this.id = nextCallId(arrival.receivedAt)
    const given = request.headers[requestIdHeader]
    this.requestId = typeof given === 'string' && usableRequestId.test(given) ? given : this.id
    this.receivedAt = arrival.receivedAt
    this.startedAtMs = performance.now()
    this.operation = arrival.operation
    this.path = request.url ?? '/'
    this.body = arrival.body
    this.configuration = arrival.configuration
    this.pipeline = arrival.pipeline
    this.rawHeaders = request.rawHeaders
    this.#request = request
    this.#sourceAddress = arrival.sourceAddress
    this.objection = arrival.objection
    arrival.answerHeaders[requestIdHeader] = this.requestId
    this.reply = new HttpReply(
      arrival.response,
      arrival.answerHeaders,
      arrival.streams,
      arrival.operation === 'responses',
    )
    this.reply.filter = arrival.pipeline.chunkFilter(this)
  }

  get sourceAddress(): string | null {
    return this.#sourceAddress ?? this.#request.socket.remoteAddress ?? null
  }

  /** Of a body that cannot be read, and of a call without one, these are the empty fields. */
  get fields(): BodyFields {
    this.#fields ??= this.#readFields()
    return this.#fields
  }

  get stream(): boolean {
    return this.fields.stream
  }

  get model(): string {
    if (this.#fields === undefined) this.#fields = this.#readFields()
    return this.#model ?? ''
  }

  get maxOutputTokens(): number | null {
    return this.fields.maxOutputTokens?.value ?? null
  }

  get principal(): Principal | undefined {
    return this.key?.principal
  }

  get virtualKey(): KeyIdentity | undefined {
    return this.key
  }

  get inferenceRights(): InferenceRights | null {
    return this.key?.inference ?? null
  }

  header(name: string): string | undefined {
    if (carriesCredential(name)) return undefined
    const value = this.#request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  get<T>(slot: Slot<T>): T | undefined {
    // The slot is the key, and only `set` of the same slot wrote under it.
    return this.#slots?.get(slot) as T | undefined
  }

  set<T>(slot: Slot<T>, value: T): void {
    this.#slots ??= new Map()
    this.#slots.set(slot, value)
  }

  /** Why the call is refused now that its sender is known: what its route or its body has wrong. */
  objectionOnceIdentified(): Denied | undefined {
    if (this.#fields === undefined) this.#fields = this.#readFields()
    return this.objection?.denied
  }

  #readFields(): BodyFields {
    if (!asksProvider(this.operation) || this.objection) return noFields
    try {
      const fields = scanBody(this.body)
      this.#model = fields.model && modelOf(this.body, fields.model)
      return fields
    } catch (error) {
      if (!(error instanceof Denied)) throw error
      this.objection = { when: 'identified', denied: error }
      return noFields
    }
  }
}
