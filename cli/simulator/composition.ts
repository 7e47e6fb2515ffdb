import { createHash } from 'node:crypto'
import { splitTokens } from './tokens.ts'

const sentences = [
  'A gateway stands between applications and the models they use.',
  'Every call is checked before it leaves and accounted for when it ends.',
  'A virtual key says who is asking and what they may spend.',
  'Budgets are kept in integers so that many small calls add up exactly.',
  'A refused call never reaches the provider.',
  'Configuration is signed where it is made and verified where it is used.',
  'When the control plane rests, the data plane keeps answering.',
  'Usage is written down once, however often it is reported.',
  'Teams share a budget and each member sees their own part of it.',
  'A revoked key stops working within moments.',
  'The audit trail remembers what was allowed and what was not.',
  'Streams are forwarded as they arrive and counted at their end.',
  'A plugin may refuse a call, but none can let one through by failing.',
  'Prices are known before a call is made, so its cost can be bounded.',
  'Two answers to the same question are the same here, word for word.',
  'This text was written by a simulator and cost nothing but electricity.',
] as const

export interface Composition {
  /** The text of each output token; joined they are the answer. */
  readonly pieces: readonly string[]
  /** Whether a limit cut the answer short. */
  readonly truncated: boolean
}

/**
 * Writes the answer to an input: always the same for the same input.
 *
 * @param wantedTokens writes exactly this many tokens, if given, instead of a few sentences
 * @param maxTokens the caller's limit
 */
export function compose(input: string, maxTokens: number, wantedTokens?: number): Composition {
  const bytes = createHash('sha256').update(input).digest()
  const pieces = splitTokens(`Demo answer ${bytes.toString('hex', 0, 4)}.`)
  const sentenceCount = 2 + ((bytes[4] ?? 0) % 4)
  for (
    let index = 0;
    wantedTokens === undefined ? index < sentenceCount : pieces.length < wantedTokens;
    index++
  ) {
    const choice = (bytes[5 + (index % 27)] ?? 0) + index
    pieces.push(...splitTokens(` ${sentences[choice % sentences.length]}`))
  }
  const whole = wantedTokens ?? pieces.length
  return { pieces: pieces.slice(0, Math.min(whole, maxTokens)), truncated: maxTokens < whole }
}

/** A number of `[0, 1)` for each counter, always the same for the same input. */
export function derivedFraction(input: string, counter: number): number {
  return createHash('sha256').update(`${counter}:${input}`).digest().readUInt32BE(0) / 2 ** 32
}

/** An identifier derived from the input and the number of the call, so that no two calls share one. */
export function derivedId(prefix: string, input: string, callNumber: number): string {
  return `${prefix}${createHash('sha256').update(`${callNumber}:${input}`).digest('hex').slice(0, 24)}`
}
