import type { Usage } from 'gatehouse/plugin-sdk'
import type { Target } from 'gatehouse/plugin-sdk/builtin'
import {
  type BoundSettings,
  type CallSize,
  clampProduct,
  inputTokensOf,
  mustInject,
  outputTokensOf,
} from './cost-bound.ts'
import { unboundedRefusal } from './refusals.ts'

export interface TokenBound {
  /** The most tokens, of input and output together, that the call can use. */
  readonly tokens: number
  /** Those of the input alone. */
  readonly inputTokens: number
  readonly size: CallSize
  /** The limit that the provider must be told for the bound to hold; null when the caller told it. */
  readonly injectedOutputTokens: number | null
}

/** @throws Denied `price_unknown` when the call refers to something of unknown size */
export function tokenBound(size: CallSize, target: Target, settings: BoundSettings): TokenBound {
  if (size.unbounded) throw unboundedRefusal(size.unbounded, 'limit of tokens')
  const outputTokens = outputTokensOf(size, target.model, settings)
  const inputTokens = inputTokensOf(size, target, settings)
  return {
    tokens: Math.max(1, inputTokens + clampProduct(outputTokens, size.choices)),
    inputTokens,
    size,
    injectedOutputTokens: mustInject(size, outputTokens) ? outputTokens : null,
  }
}

/** Without usage the provider was never asked. */
export function usedTokens(usage: Usage | undefined): number {
  return usage ? usage.inputTokens + usage.outputTokens : 0
}
