import type { Prices } from '../../../contract/money.ts'
import { BadUserInput } from '../../graphql/errors.ts'

/** Amounts in nano-USD. */
export interface PricesInput {
  readonly inputPerMillionTokens: bigint
  /** The input price unless said. */
  readonly cachedInputPerMillionTokens?: bigint | null | undefined
  readonly outputPerMillionTokens: bigint
  /** 0 unless said. */
  readonly perImage?: bigint | null | undefined
}

/** @throws BadUserInput on a price that no configuration can hold. */
export function checkPrices(field: string, input: PricesInput): Prices {
  const { inputPerMillionTokens, outputPerMillionTokens } = input
  const cached = input.cachedInputPerMillionTokens ?? inputPerMillionTokens
  return {
    inputNanoUsdPerMillionTokens: checkPrice(`${field}.inputPerMillionTokens`, inputPerMillionTokens),
    cachedInputNanoUsdPerMillionTokens: checkPrice(`${field}.cachedInputPerMillionTokens`, cached),
    outputNanoUsdPerMillionTokens: checkPrice(`${field}.outputPerMillionTokens`, outputPerMillionTokens),
    imageNanoUsd: checkPrice(`${field}.perImage`, input.perImage ?? 0n),
  }
}

function checkPrice(field: string, price: bigint): number {
  if (price <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(price)
  throw new BadUserInput(field, `must be at most ${Number.MAX_SAFE_INTEGER} nano-USD, not ${price}`)
}
