import type { Prices } from '../../../contract/money.ts'
import { BadUserInput } from '../../graphql/errors.ts'

/** Amounts in nano-USD. */
export interface PricesInput {
  readonly inputNanoUsdPerMillionTokens: bigint
  /** The input price unless said. */
  readonly cachedInputNanoUsdPerMillionTokens?: bigint | null | undefined
  readonly outputNanoUsdPerMillionTokens: bigint
  /** 0 unless said. */
  readonly imageNanoUsd?: bigint | null | undefined
}

/** @throws BadUserInput on a price that no configuration can hold. */
export function checkPrices(field: string, input: PricesInput): Prices {
  const { inputNanoUsdPerMillionTokens, outputNanoUsdPerMillionTokens } = input
  const cached = input.cachedInputNanoUsdPerMillionTokens ?? inputNanoUsdPerMillionTokens
  return {
    inputNanoUsdPerMillionTokens: checkPrice(
      `${field}.inputNanoUsdPerMillionTokens`,
      inputNanoUsdPerMillionTokens,
    ),
    cachedInputNanoUsdPerMillionTokens: checkPrice(`${field}.cachedInputNanoUsdPerMillionTokens`, cached),
    outputNanoUsdPerMillionTokens: checkPrice(
      `${field}.outputNanoUsdPerMillionTokens`,
      outputNanoUsdPerMillionTokens,
    ),
    imageNanoUsd: checkPrice(`${field}.imageNanoUsd`, input.imageNanoUsd ?? 0n),
  }
}

function checkPrice(field: string, price: bigint): number {
  if (price <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(price)
  throw new BadUserInput(field, `must be at most ${Number.MAX_SAFE_INTEGER} nano-USD, not ${price}`)
}
