import type { Usage } from 'gatehouse/plugin-sdk'
import { outputBound } from 'gatehouse/plugin-sdk/builtin'
import { type Answer, type AnswerContext, callerHeaders, redactSecret, restoreModel } from './answer.ts'
import { outputLimitName } from './body-edits.ts'
import { withCost } from './cost.ts'
import { EventFramer } from './event-framer.ts'
import { cutStream, emptyStream, exceededReserve, oversizedAnswer } from './failures.ts'
import type { RequestController } from './http1/exchange-handler.ts'
import { StreamMeter } from './stream-meter.ts'
import { StreamReserve } from './stream-reserve.ts'
import { countToolCalls } from './tool-calls.ts'
import {
  estimatedUsage,
  exceededUsage,
  type FoundUsage,
  findUsage,
  reportedUsage,
  unknownUsage,
} from './usage.ts'
import { eventOf, withoutUsageEvent } from './usage-event.ts'
import { UsageReport } from './usage-report.ts'

const lastEvent = /^data: ?\[DONE\]|"type": ?"response\.(?:completed|incomplete|failed)"/m

export interface StreamSettings {
  /** Whether the caller did not ask for the usage chunk. */
  readonly hidesUsage: boolean
  readonly maxEventBytes: number
}

/** An answer of server-sent events, forwarded event by event as they come. */
export class StreamedAnswer implements Answer {
  readonly #context: AnswerContext
  readonly #settings: StreamSettings
  readonly #framer = new EventFramer()
  readonly #meter = new StreamMeter()
  readonly #report = new UsageReport()
  /** Without framing of its own, the end of the connection cannot be told from the end of the answer. */
  readonly #isFramed: boolean
  readonly #reserve: StreamReserve | undefined
  #isComplete = false
  #isCutOff = false

  constructor(context: AnswerContext, settings: StreamSettings) {
    this.#context = context
    this.#settings = settings
    this.#reserve = StreamReserve.of(context.call, context.target)
    const { headers } = context
    this.#isFramed = headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined
  }

  data(chunks: readonly Buffer[], controller: RequestController): void {
    const [first] = chunks
    const events = this.#framer.push(first && chunks.length === 1 ? first : Buffer.concat(chunks))
    if (events) this.#forward(events, controller)
    if (this.#framer.heldBytes > this.#settings.maxEventBytes) {
      throw oversizedAnswer(this.#provider, this.#settings.maxEventBytes)
    }
  }

  end(): void {
    const { call, target } = this.#context
    const rest = this.#framer.rest()
    if (rest) this.#forward(rest, undefined)
    if (!call.reply.started && !call.reply.aborted) throw emptyStream(this.#provider)
    if (!this.#isFramed && !this.#isComplete) throw cutStream(this.#provider)
    call.usage =
      this.#priced(this.#report.whole()) ?? estimatedUsage(call, target, this.#meter.estimateTokens(), 0)
    call.reply.end()
  }

  abandonedUsage(): Usage {
    const { call, target } = this.#context
    const seenTokens = Math.max(this.#meter.estimateTokens(), this.#report.outputTokens)
    if (this.#isCutOff) return exceededUsage(call, target, seenTokens, this.#priced(this.#report.whole()))
    return this.#priced(this.#report.brokenOff()) ?? unknownUsage(call, target, seenTokens)
  }

  #priced(usage: FoundUsage | undefined): Usage | undefined {
    const { call, target } = this.#context
    return usage && reportedUsage(call, target, usage, 0)
  }

  get #provider(): string {
    return this.#context.target.grant.provider.name
  }

  #forward(events: Buffer, controller: RequestController | undefined): void {
    this.#meter.count(events)
    const usage = findUsage(events)
    const wasFinal = this.#report.isFinal
    this.#report.read(events, usage && this.#withToolCalls(usage, events))
    // At its end there is nothing left to be spared.
    if (controller && (wasFinal || !this.#report.isFinal)) this.#holdToReserve(events, usage)
    if (!this.#isFramed) this.#isComplete ||= lastEvent.test(events.toString('latin1'))
    const shown = usage ? this.#showUsage(events, usage) : events
    if (shown.length > 0) this.#write(shown, controller)
  }

  /** @throws ProviderFailure */
  #holdToReserve(events: Buffer, usage: FoundUsage | undefined): void {
    const reserve = this.#reserve
    const reportedTokens = this.#report.isFinal ? 0 : (usage?.outputTokens ?? 0)
    if (!reserve?.isExceeded(events, this.#meter, reportedTokens)) return
    this.#isCutOff = true
    const { call } = this.#context
    const tokens = call.get(outputBound) ?? call.maxOutputTokens
    throw exceededReserve(this.#provider, reserve.scope, { param: outputLimitName(call), tokens })
  }

  /** The event that tells the usage of a response holds all of its output once more. */
  #withToolCalls(usage: FoundUsage, events: Buffer): FoundUsage {
    if (this.#context.call.operation !== 'responses') return usage
    return { ...usage, toolCalls: countToolCalls(eventOf(events, usage)) }
  }

  #showUsage(events: Buffer, found: FoundUsage): Buffer {
    if (this.#settings.hidesUsage) return withoutUsageEvent(events, found)
    const { call, target } = this.#context
    const usage = this.#priced(this.#report.whole())
    return usage && target.model.pricesAt(call.receivedAt) ? withCost(events, found, usage) : events
  }

  #write(events: Buffer, controller: RequestController | undefined): void {
    const { call, secret, status } = this.#context
    const { reply } = call
    if (!reply.started) {
      reply.start(status, {
        ...callerHeaders(this.#context),
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
      })
    }
    const hasRoom = reply.write(restoreModel(redactSecret(events, secret), this.#context))
    if (hasRoom || !controller) return
    controller.pause()
    reply.onDrain(() => controller.resume())
  }
}
