import type { Operation, Slot, Usage } from 'gatehouse/plugin-sdk'
import type {
  BodyFields,
  BuiltinCall,
  CompiledKey,
  Configuration,
  HeaderTrail,
  Hold,
  Target,
} from 'gatehouse/plugin-sdk/builtin'
import { asksProvider } from 'gatehouse/plugin-sdk/builtin'
import { modelOf, noFields, scanBody } from '../../data-plane/pipeline/body.ts'
import { configuration } from './fake-configuration.ts'
import { RecordedReply } from './recorded-reply.ts'

export interface FakeCallOptions {
  readonly operation?: Operation
  readonly path?: string
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown
  /** Name and value, in wire order. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly configuration?: Configuration
  readonly key?: CompiledKey
  readonly targets?: readonly Target[]
  readonly hold?: Hold
  readonly receivedAt?: number
}

/** A call without a server: the body is read by the data plane's own scanner. */
export class FakeCall implements BuiltinCall {
  readonly id = 'evt_test'
  readonly requestId = 'req-test'
  readonly receivedAt: number
  readonly sourceAddress = '127.0.0.1'
  readonly operation: Operation
  readonly path: string
  readonly body: Buffer
  readonly fields: BodyFields
  readonly model: string
  readonly rawHeaders: readonly string[]
  readonly configuration: Configuration
  readonly reply = new RecordedReply()
  readonly #slots = new Map<Slot<unknown>, unknown>()
  key: CompiledKey | undefined
  targets: readonly Target[]
  providerKeyId: string | null = null
  headerTrail: HeaderTrail | undefined
  hold: Hold | undefined
  usage: Usage | undefined

  constructor(options: FakeCallOptions = {}) {
    const body = options.body ?? { model: 'small', messages: [{ role: 'user', content: 'Hello' }] }
    this.receivedAt = options.receivedAt ?? 0
    this.operation = options.operation ?? 'chat.completions'
    this.path = options.path ?? '/v1/chat/completions'
    this.body = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    this.fields = asksProvider(this.operation) ? scanBody(this.body) : noFields
    this.model = this.fields.model ? modelOf(this.body, this.fields.model) : ''
    this.rawHeaders = (options.headers ?? []).flat()
    this.configuration = options.configuration ?? configuration()
    this.key = options.key
    this.targets = options.targets ?? []
    this.hold = options.hold
  }

  get inferenceRights() {
    return this.key?.inference ?? null
  }

  get stream(): boolean {
    return this.fields.stream
  }

  get maxOutputTokens(): number | null {
    return this.fields.maxOutputTokens?.value ?? null
  }

  get principal() {
    return this.key?.principal
  }

  get virtualKey() {
    return this.key
  }

  header(name: string): string | undefined {
    const at = this.rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name)
    return at < 0 ? undefined : this.rawHeaders[at + 1]
  }

  get<T>(slot: Slot<T>): T | undefined {
    return this.#slots.get(slot) as T | undefined
  }

  set<T>(slot: Slot<T>, value: T): void {
    this.#slots.set(slot, value)
  }
}
