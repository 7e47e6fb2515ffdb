import type { Usage } from 'gatehouse/plugin-sdk'
import type { CompiledModel } from 'gatehouse/plugin-sdk/builtin'
import { type BoundSettings, type CallSize, clampProduct, mustInject, outputTokensOf } from './cost-bound.ts'

export interface TokenBound {
  /** The most tokens, of input and output together, that the call can use. */
  readonly tokens: number
  readonly size: CallSize
  /** The limit that the provider must be told for the bound to hold; null when the caller told it. */
  readonly injectedOutputTokens: number | null
}

/** @throws Denied `price_unknown` when the call refers to something of unknown size */
export function tokenBound(size: CallSize, model: CompiledModel, settings: BoundSettings): TokenBound {
  if (size.unbounded) throw size.unbounded
  const outputTokens = outputTokensOf(size, model, settings)
  return {
    tokens: Math.max(1, size.inputTokens + clampProduct(outputTokens, size.choices)),
    size,
    injectedOutputTokens: mustInject(size, outputTokens) ? outputTokens : null,
  }
}

/** Without usage the provider was never asked. */
export function usedTokens(usage: Usage | undefined): number {
  return usage ? usage.inputTokens + usage.outputTokens : 0
}
