import { type FoundUsage, findUsage } from './usage.ts'
import { eventOf } from './usage-event.ts'

const text = /"(?:content|text|delta|arguments|reasoning_content)"\s*:\s*"[^"]/
const doneEvent = /^data: ?\[DONE\]/m
/** The event behind which no output comes. */
const finalReport = /"choices"\s*:\s*\[\s*\]|"type"\s*:\s*"response\.(?:completed|incomplete|failed)"/

/** What a stream says of its own usage, in however many events and in whatever order. */
export class UsageReport {
  #largest: FoundUsage | undefined
  #hasText = false
  #isFinal = false

  /** @param usage the last that this run of whole events tells */
  read(events: Buffer, usage: FoundUsage | undefined): void {
    if (usage) this.#readReports(events, usage)
    if (!this.#hasText) this.#hasText = text.test(events.toString('latin1'))
    if (this.#largest && !this.#isFinal) this.#isFinal = doneEvent.test(events.toString('latin1'))
  }

  #readReports(events: Buffer, last: FoundUsage): void {
    this.#isFinal ||= finalReport.test(eventOf(events, last).toString('latin1'))
    for (let usage: FoundUsage | undefined = last; usage; ) {
      if (!this.#largest || total(usage) > total(this.#largest)) this.#largest = usage
      usage = findUsage(events.subarray(0, usage.start))
    }
  }

  /** Whether no output comes any more. */
  get isFinal(): boolean {
    return this.#isFinal
  }

  /** Of a whole stream: the largest report, unless it denies output that came. */
  whole(): FoundUsage | undefined {
    return this.#largest?.outputTokens === 0 && this.#hasText ? undefined : this.#largest
  }

  /** Of a stream that was broken off: a report on the way says nothing of what was written after it. */
  brokenOff(): FoundUsage | undefined {
    return this.#isFinal ? this.whole() : undefined
  }

  /** The output that was admitted to, whether or not the report is believed. */
  get outputTokens(): number {
    return this.#largest?.outputTokens ?? 0
  }
}

function total({ inputTokens, outputTokens }: FoundUsage): number {
  return inputTokens + outputTokens
}
