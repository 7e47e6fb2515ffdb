const nanoDigits = 9

/**
 * Nano-USD of a price in US dollars. A float is read as the shortest decimal that names it, which is the decimal
 * that the price list was written with, and moved by nine places as text: no arithmetic on floats. What is
 * finer than a nano-USD is rounded up.
 *
 * @throws RangeError on a price that is negative, not finite or beyond 2⁵³ − 1 nano-USD.
 */
export function nanoUsdOf(usd: number): number {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(usd))
  if (!match) throw new RangeError(`${usd} is not a price in US dollars`)
  const [, whole = '', fraction = '', exponent = '0'] = match
  const shift = nanoDigits + Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction)
  const nanoUsd = shift >= 0 ? digits * 10n ** BigInt(shift) : divideRoundingUp(digits, 10n ** BigInt(-shift))
  if (nanoUsd > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${usd} USD exceeds 2^53 nano-USD`)
  return Number(nanoUsd)
}

function divideRoundingUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor
}
