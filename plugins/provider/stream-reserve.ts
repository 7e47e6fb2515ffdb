import { type BuiltinCall, isStrict, type Target } from 'gatehouse/plugin-sdk/builtin'
import { textsOf } from './event-texts.ts'
import { FewestTokens } from './fewest-tokens.ts'
import type { StreamMeter } from './stream-meter.ts'

/**
 * What strict budgets have set aside for a streamed answer, in tokens, and whether more were surely generated. A
 * provider that keeps to its output limit never exceeds it, whatever else it bills and however it cuts its stream: to
 * cut off too late costs some tokens, to cut off wrongly costs the answer.
 *
 * Proof is the provider's own count on the way, or text that cannot be fewer tokens. The text is not read before the
 * meter's estimate, which errs upwards, has passed what was set aside; what came before is then not counted at all.
 */
export class StreamReserve {
  /** The level of the nearest budget that does not let the call cost more. */
  readonly scope: string
  readonly #tokens: number
  readonly #call: BuiltinCall
  #text: FewestTokens | undefined
  /** Of text that the provider may write without having generated it. */
  #repeatedTokens = 0

  private constructor(scope: string, tokens: number, call: BuiltinCall) {
    this.scope = scope
    this.#tokens = tokens
    this.#call = call
  }

  /** Undefined where no strict budget governs the call: what a balanced one sets aside may be exceeded. */
  static of(call: BuiltinCall, target: Target): StreamReserve | undefined {
    const budget = target.grant.budgets.findLast(isStrict) ?? call.key?.budgets.findLast(isStrict)
    if (!call.hold || !budget) return undefined
    return new StreamReserve(budget.scope, payableTokens(call, target, call.hold.nanoUsd), call)
  }

  /** @param reportedTokens of output, as the provider says on the way */
  isExceeded(events: Buffer, meter: StreamMeter, reportedTokens: number): boolean {
    if (reportedTokens > this.#tokens) return true
    if (!this.#text) {
      if (!meter.exceeds(this.#tokens)) return false
      this.#text = new FewestTokens()
      this.#repeatedTokens = repeatedTokens(this.#call)
    }
    for (const piece of textsOf(events)) this.#text.add(piece)
    return this.#text.count > this.#tokens + this.#repeatedTokens
  }
}

const asksForEcho = /"echo"\s*:\s*true/

/** A call may ask to have its prompt before each of the answers; no text has more tokens than the body has bytes. */
function repeatedTokens({ body, fields }: BuiltinCall): number {
  return asksForEcho.test(body.toString('latin1')) ? body.length * Math.max(1, fields.choices) : 0
}

/** The most tokens of output that can be paid, were they the cheapest and all that the call costs. */
function payableTokens({ receivedAt }: BuiltinCall, { model }: Target, heldNanoUsd: number): number {
  const prices = model.pricesAt(receivedAt)
  if (!prices) return Number.POSITIVE_INFINITY
  const {
    outputNanoUsdPerMillionTokens: output,
    reasoningNanoUsdPerMillionTokens: reasoning = output,
    audioOutputNanoUsdPerMillionTokens: audio = output,
    callNanoUsd = 0,
  } = prices
  const cheapest = Math.min(output, reasoning, audio)
  if (cheapest === 0) return Number.POSITIVE_INFINITY
  return Math.ceil(((heldNanoUsd - callNanoUsd) * 1_000_000) / cheapest)
}
