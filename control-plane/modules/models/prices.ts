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
  /** The output price unless said. */
  readonly reasoningNanoUsdPerMillionTokens?: bigint | null | undefined
  /** That of any other input unless said. */
  readonly audioInputNanoUsdPerMillionTokens?: bigint | null | undefined
  /** The output price unless said. */
  readonly audioOutputNanoUsdPerMillionTokens?: bigint | null | undefined
  /** 0 unless said. */
  readonly callNanoUsd?: bigint | null | undefined
  /** 0 unless said. */
  readonly toolCallNanoUsd?: bigint | null | undefined
}

/** @throws BadUserInput on a price that no configuration can hold. */
export function checkPrices(field: string, input: PricesInput): Prices {
  const price = (name: keyof PricesInput, whenUnsaid: bigint) =>
    checkPrice(`${field}.${name}`, input[name] ?? whenUnsaid)
  const own = (name: keyof PricesInput) => input[name] != null && { [name]: price(name, 0n) }
  /** What is said though it goes without saying is left out, so that data planes of any release understand it. */
  const fee = (name: 'callNanoUsd' | 'toolCallNanoUsd') => input[name] !== 0n && own(name)
  return {
    inputNanoUsdPerMillionTokens: price('inputNanoUsdPerMillionTokens', 0n),
    cachedInputNanoUsdPerMillionTokens: price(
      'cachedInputNanoUsdPerMillionTokens',
      input.inputNanoUsdPerMillionTokens,
    ),
    outputNanoUsdPerMillionTokens: price('outputNanoUsdPerMillionTokens', 0n),
    imageNanoUsd: price('imageNanoUsd', 0n),
    ...own('reasoningNanoUsdPerMillionTokens'),
    ...own('audioInputNanoUsdPerMillionTokens'),
    ...own('audioOutputNanoUsdPerMillionTokens'),
    ...fee('callNanoUsd'),
    ...fee('toolCallNanoUsd'),
  }
}

function checkPrice(field: string, price: bigint): number {
  if (price <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(price)
  throw new BadUserInput(field, `must be at most ${Number.MAX_SAFE_INTEGER} nano-USD, not ${price}`)
}
