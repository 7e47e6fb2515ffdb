import type { Usage } from 'gatehouse/plugin-sdk'
import { type Answer, type AnswerContext, callerHeaders, redactSecret, restoreModel } from './answer.ts'
import { withCost } from './cost.ts'
import { EventFramer } from './event-framer.ts'
import { cutStream, emptyStream, oversizedAnswer } from './failures.ts'
import type { RequestController } from './http1/exchange-handler.ts'
import { StreamMeter } from './stream-meter.ts'
import { countToolCalls } from './tool-calls.ts'
import { estimatedUsage, type FoundUsage, findUsage, reportedUsage, unknownUsage } from './usage.ts'
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
  #isComplete = false

  constructor(context: AnswerContext, settings: StreamSettings) {
    this.#context = context
    this.#settings = settings
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
    this.#report.read(events, usage && this.#withToolCalls(usage, events))
    if (!this.#isFramed) this.#isComplete ||= lastEvent.test(events.toString('latin1'))
    const shown = usage ? this.#showUsage(events, usage) : events
    if (shown.length > 0) this.#write(shown, controller)
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
