import type { Denied } from 'gatehouse/plugin-sdk'
import {
  type BuiltinCall,
  type CompiledModel,
  costNanoUsd,
  dearestPrices,
  type Prices,
} from 'gatehouse/plugin-sdk/builtin'
import { inspectBody } from './inspect-body.ts'
import { unpricedPartRefusal } from './refusals.ts'

export interface BoundSettings {
  readonly defaultOutputTokens: number
  readonly imageInputTokens: number
}

/** What of a call's cost does not depend on the model. */
export interface CallSize {
  /** Never less than the tokens of the input, but for what `unbounded` is about. */
  readonly inputTokens: number
  /** The caller's own limit for each answer; null where it set none. */
  readonly outputTokens: number | null
  /** How many answers, or pictures, are asked for. */
  readonly choices: number
  readonly operation: BuiltinCall['operation']
  /** Why a call of this size may cost more than its bound; null: it cannot. */
  readonly unbounded: Denied | null
}

export interface CostBound {
  readonly nanoUsd: number
  /** The limit that the provider must be told for the bound to hold; null when the caller told one that is no higher. */
  readonly injectedOutputTokens: number | null
}

/**
 * Measures a call without tokenizing: in a byte-level encoding no token is shorter than a byte, so that the body's
 * bytes bound its tokens.
 *
 * @throws Denied `price_unknown` when the body asks for something without a price
 */
export function measureCall(call: BuiltinCall, settings: BoundSettings): CallSize {
  const inspected = inspectBody(call.operation, call.body)
  return {
    inputTokens: call.body.length + inspected.inlineImages * settings.imageInputTokens,
    outputTokens: call.maxOutputTokens,
    choices: Math.max(1, call.fields.choices) * inspected.prompts,
    operation: call.operation,
    unbounded: inspected.unbounded,
  }
}

/** The most that a call of this size can cost with this model. */
export function costBound(
  size: CallSize,
  model: CompiledModel,
  prices: Prices,
  settings: BoundSettings,
): CostBound {
  const { operation, choices } = size
  const isImage = operation === 'images.generations'
  const dearest = dearestPrices(prices)
  if (isImage && prices.imageNanoUsd === 0 && billsTokens(dearest)) {
    throw unpricedPartRefusal('model', `"${model.name}" has no price per image`)
  }
  const outputTokens = outputTokensOf(size, model, settings)
  const nanoUsd = costNanoUsd(dearest, {
    inputTokens: size.inputTokens,
    cachedInputTokens: 0,
    outputTokens: clampProduct(outputTokens, choices),
    images: isImage ? choices : 0,
  })
  return { nanoUsd, injectedOutputTokens: mustInject(size, outputTokens) ? outputTokens : null }
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

function billsTokens(prices: Prices): boolean {
  return prices.inputNanoUsdPerMillionTokens > 0 || prices.outputNanoUsdPerMillionTokens > 0
}

/** Keeps an absurd request a mere refusal: beyond 2⁵³ the cost would be no number. */
export function clampProduct(tokens: number, choices: number): number {
  return Math.min(tokens * choices, 1_000_000_000)
}
