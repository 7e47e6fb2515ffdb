import {
  type BuiltinCall,
  type CompiledModel,
  costNanoUsd,
  dearestPrices,
  type Prices,
  type Target,
} from 'gatehouse/plugin-sdk/builtin'
import { type InspectedBody, inspectBody } from './inspect-body.ts'
import { pictureTokens } from './picture-tokens.ts'

export interface BoundSettings {
  readonly defaultOutputTokens: number
  readonly imageInputTokens: number
}

/** What of a call's cost does not depend on the model. */
export interface CallSize
  extends Pick<InspectedBody, 'pictures' | 'hostedTools' | 'audioInput' | 'audioOutput' | 'unbounded'> {
  /** Never less than the tokens of what is written and said, but for what `unbounded` is about. */
  readonly wordTokens: number
  /** The caller's own limit for each answer; null where it set none. */
  readonly outputTokens: number | null
  /** How many answers, or pictures, are asked for. */
  readonly choices: number
  readonly operation: BuiltinCall['operation']
}

export interface CostBound {
  readonly nanoUsd: number
  /** The limit that the provider must be told for the bound to hold; null when the caller told one that is no higher. */
  readonly injectedOutputTokens: number | null
}

/**
 * Measures a call without tokenizing: in a byte-level encoding no token is shorter than a byte, so that the body's
 * bytes bound its tokens. Pictures and sound are no text: they are counted by the rules that providers document.
 *
 * @throws Denied `price_unknown` when the body asks for something that no price covers
 */
export function measureCall(call: BuiltinCall): CallSize {
  const inspected = inspectBody(call.operation, call.body)
  return {
    wordTokens: call.body.length - inspected.mediaBytes + inspected.audioTokens,
    pictures: inspected.pictures,
    hostedTools: inspected.hostedTools,
    audioInput: inspected.audioInput,
    audioOutput: inspected.audioOutput,
    outputTokens: call.maxOutputTokens,
    choices: Math.max(1, call.fields.choices) * inspected.prompts,
    operation: call.operation,
    unbounded: inspected.unbounded,
  }
}

/** The most that a call of this size can cost at this target. */
export function costBound(
  size: CallSize,
  target: Target,
  prices: Prices,
  settings: BoundSettings,
): CostBound {
  const { operation, choices, hostedTools } = size
  const outputTokens = outputTokensOf(size, target.model, settings)
  const nanoUsd = costNanoUsd(dearestPrices(prices), {
    inputTokens: inputTokensOf(size, target, settings),
    cachedInputTokens: 0,
    outputTokens: clampProduct(outputTokens, choices),
    images: operation === 'images.generations' ? choices : 0,
    toolCalls: hostedTools?.uses ?? 0,
  })
  return { nanoUsd, injectedOutputTokens: mustInject(size, outputTokens) ? outputTokens : null }
}

/**
 * The most tokens of input that can be billed. A model may be billed everything anew after each use of a tool that the
 * provider runs: what was sent, what it has written, and what all tools have found.
 */
export function inputTokensOf(size: CallSize, target: Target, settings: BoundSettings): number {
  const { hostedTools, pictures, wordTokens } = size
  const ceiling = settings.imageInputTokens
  const sent = pictures.reduce((sum, picture) => sum + pictureTokens(picture, target, ceiling), wordTokens)
  if (!hostedTools || hostedTools.unbounded) return sent
  const { uses, inputTokensPerUse } = hostedTools
  const written = clampProduct(outputTokensOf(size, target.model, settings), size.choices)
  return clampProduct(sent + written + clampProduct(uses, inputTokensPerUse), uses + 1)
}

/** The most tokens that each answer can have: the caller's own limit, as far as the model's allows. */
export function outputTokensOf(size: CallSize, model: CompiledModel, settings: BoundSettings): number {
  if (size.operation === 'embeddings') return 0
  const { maxOutputTokens } = model
  if (size.outputTokens === null) return maxOutputTokens ?? settings.defaultOutputTokens
  return maxOutputTokens === null ? size.outputTokens : Math.min(size.outputTokens, maxOutputTokens)
}

/** Whether the provider must be told the output limit, because the caller did not, or told a higher one. */
export function mustInject({ operation, outputTokens }: CallSize, limit: number): boolean {
  return operation !== 'embeddings' && operation !== 'images.generations' && outputTokens !== limit
}

/** Keeps an absurd request a mere refusal: beyond 2⁵³ the cost would be no number. */
export function clampProduct(tokens: number, times: number): number {
  return Math.min(tokens * times, 1_000_000_000)
}
