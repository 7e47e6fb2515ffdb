import type { BuiltinCall, BuiltinHost, Target } from 'gatehouse/plugin-sdk/builtin'
import type { ActivityLog } from './activity.ts'
import type { Answer } from './answer.ts'
import { tellCost } from './cost.ts'
import { connectionFailure, encodedAnswer, exceededDuration, ProviderFailure } from './failures.ts'
import type { ExchangeHandler, RequestController } from './http1/exchange-handler.ts'
import type { Fields } from './http1/fields.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import { unknownUsage } from './usage.ts'
import { WholeAnswer } from './whole-answer.ts'

export interface ExchangeLimits {
  readonly maxConcurrentCalls: number
  readonly maxDurationMs: number
  readonly drainMs: number
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
export class Exchange implements ExchangeHandler {
  readonly #parts: ExchangeParts
  readonly #timer: NodeJS.Timeout
  #drainTimer: NodeJS.Timeout | undefined
  #controller: RequestController | undefined
  #answer: Answer | undefined
  #isOver = false

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    const { call, activity, limits } = parts
    activity.begin(this.#provider)
    this.#timer = setTimeout(
      () => this.#stop(exceededDuration(this.#provider, limits.maxDurationMs)),
      limits.maxDurationMs,
    )
    call.reply.onAbort(() => this.#hearOut())
  }

  onRequestStart(controller: RequestController): void {
    this.#controller = controller
    if (this.#isOver) {
      controller.abort()
      return
    }
    const { call, target } = this.#parts
    // Until the answer says what the call cost, all that was set aside is spent.
    call.usage = unknownUsage(call, target)
  }

  onResponseStart(status: number, headers: Fields): void {
    if (this.#isOver) return
    const encoding = headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity') {
      this.#stop(encodedAnswer(this.#provider))
      return
    }
    this.#answer = this.#openAnswer(status, headers)
  }

  /** Pieces of one read come in one go: handled together they cost one scan and one write. */
  onResponseData(pieces: readonly Buffer[]): void {
    if (this.#isOver || !this.#answer || !this.#controller) return
    try {
      this.#answer.data(pieces, this.#controller)
    } catch (error) {
      this.#stop(error)
    }
  }

  onResponseEnd(): void {
    if (this.#isOver) return
    try {
      this.#answer?.end()
      this.#close(undefined)
      this.#parts.resolve()
    } catch (error) {
      this.#fail(error)
    }
  }

  onResponseError(error: Error): void {
    if (this.#isOver) return
    this.#fail(connectionFailure(this.#provider, error) ?? error)
  }

  get #provider(): string {
    return this.#parts.target.grant.provider.name
  }

  #openAnswer(status: number, headers: Fields): Answer {
    const { limits, hidesUsage, call, target, secret } = this.#parts
    const context = { call, target, secret, status, headers }
    const isStream = status < 300 && headers['content-type']?.startsWith('text/event-stream') === true
    return isStream
      ? new StreamedAnswer(context, { hidesUsage, maxEventBytes: limits.maxEventBytes })
      : new WholeAnswer(context, limits.maxAnswerBytes)
  }

  /** The caller has left: only the end of the answer tells what it costs. */
  #hearOut(): void {
    const { call, limits, target } = this.#parts
    const { whenCallerLeaves } = target.grant.provider
    const drainMs = { abort: 0, drain: limits.maxDurationMs, drain_capped: limits.drainMs }[whenCallerLeaves]
    // A caller whose answer a plugin has stopped waits for its refusal.
    if (!this.#controller || !call.reply.aborted || drainMs === 0) {
      this.#stop(new NobodyWaits())
      return
    }
    this.#drainTimer = setTimeout(() => this.#stop(new NobodyWaits()), drainMs)
    this.#controller.resume()
  }

  /** Breaks off: the provider stops working, and billing, for nobody. */
  #stop(reason: unknown): void {
    if (this.#isOver) return
    this.#fail(reason)
    this.#controller?.abort()
  }

  #fail(error: unknown): void {
    const { host, call, resolve, reject } = this.#parts
    if (this.#answer) call.usage = this.#answer.abandonedUsage()
    tellCost(call, this.#parts.target)
    if (error instanceof NobodyWaits) {
      this.#close(undefined)
      resolve()
      return
    }
    const failure = error instanceof ProviderFailure ? error : undefined
    this.#close(failure?.reason ?? 'internal error')
    if (failure) {
      host.log.warn(
        { callId: call.id, requestId: call.requestId, provider: this.#provider, reason: failure.reason },
        'a provider failed',
      )
    }
    reject(failure ? failure.denied : error)
  }

  #close(failure: string | undefined): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    clearTimeout(this.#drainTimer)
    this.#parts.activity.end(this.#provider, failure)
  }
}
