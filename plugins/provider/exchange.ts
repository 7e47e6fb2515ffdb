import type { IncomingHttpHeaders } from 'node:http'
import type { BuiltinCall, BuiltinHost, Target } from 'gatehouse/plugin-sdk/builtin'
import type { Dispatcher } from 'undici'
import type { ActivityLog } from './activity.ts'
import type { Answer } from './answer.ts'
import { connectionFailure, encodedAnswer, exceededDuration, ProviderFailure } from './failures.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import { unknownUsage } from './usage.ts'
import { WholeAnswer } from './whole-answer.ts'

export interface ExchangeLimits {
  readonly maxConcurrentCalls: number
  readonly maxDurationMs: number
  readonly maxAnswerBytes: number
  readonly maxEventBytes: number
}

export interface ExchangeParts {
  readonly call: BuiltinCall
  readonly target: Target
  readonly secret: string
  /** Whether the caller did not ask for the usage chunk of its stream. */
  readonly hidesUsage: boolean
  readonly host: BuiltinHost
  readonly activity: ActivityLog
  readonly limits: ExchangeLimits
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The caller has left, or a plugin has stopped the answer: nobody waits for the rest. */
class NobodyWaits extends Error {
  override readonly name = 'NobodyWaits'
}

/** One question to a provider and its answer. Ends exactly once, whoever breaks off first. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #parts: ExchangeParts
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #answer: Answer | undefined
  #arrived: Buffer[] = []
  #isOver = false

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    const { call, activity, limits } = parts
    activity.begin(this.#provider)
    this.#timer = setTimeout(
      () => this.#stop(exceededDuration(this.#provider, limits.maxDurationMs)),
      limits.maxDurationMs,
    )
    call.reply.onAbort(() => this.#stop(new NobodyWaits()))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isOver) {
      controller.abort(new NobodyWaits())
      return
    }
    const { call, target } = this.#parts
    // Until the answer says what the call cost, all that was set aside is spent.
    call.usage = unknownUsage(call, target)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200 || this.#isOver) return
    const encoding = headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity') {
      this.#stop(encodedAnswer(this.#provider))
      return
    }
    this.#answer = this.#openAnswer(status, headers)
  }

  /** Pieces of one read come in one go: handled together they cost one scan and one write. */
  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return
    this.#arrived.push(chunk)
    if (this.#arrived.length === 1) process.nextTick(this.#deliver)
  }

  onResponseEnd(): void {
    this.#deliver()
    if (this.#isOver) return
    try {
      this.#answer?.end()
      this.#close(undefined)
      this.#parts.resolve()
    } catch (error) {
      this.#fail(error)
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#deliver()
    if (this.#isOver) return
    this.#fail(connectionFailure(this.#provider, error) ?? error)
  }

  get #provider(): string {
    return this.#parts.target.grant.provider.name
  }

  readonly #deliver = (): void => {
    if (this.#isOver || this.#arrived.length === 0 || !this.#answer || !this.#controller) return
    const chunks = this.#arrived
    this.#arrived = []
    try {
      this.#answer.data(chunks, this.#controller)
    } catch (error) {
      this.#stop(error)
    }
  }

  #openAnswer(status: number, headers: IncomingHttpHeaders): Answer {
    const { limits, hidesUsage } = this.#parts
    const context = { ...this.#parts, status, headers }
    const isStream = status < 300 && headers['content-type']?.startsWith('text/event-stream') === true
    return isStream
      ? new StreamedAnswer(context, { hidesUsage, maxEventBytes: limits.maxEventBytes })
      : new WholeAnswer(context, limits.maxAnswerBytes)
  }

  /** Breaks off: the provider stops working, and billing, for nobody. */
  #stop(reason: unknown): void {
    if (this.#isOver) return
    this.#fail(reason)
    this.#controller?.abort(reason instanceof Error ? reason : new NobodyWaits())
  }

  #fail(error: unknown): void {
    const { host, call, resolve, reject } = this.#parts
    if (this.#answer) call.usage = this.#answer.abandonedUsage()
    if (error instanceof NobodyWaits) {
      this.#close(undefined)
      resolve()
      return
    }
    const failure = error instanceof ProviderFailure ? error : undefined
    this.#close(failure?.reason ?? 'internal error')
    if (failure) {
      host.log.warn(
        { callId: call.id, provider: this.#provider, reason: failure.reason },
        'a provider failed',
      )
    }
    reject(failure ? failure.denied : error)
  }

  #close(failure: string | undefined): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#parts.activity.end(this.#provider, failure)
  }
}
