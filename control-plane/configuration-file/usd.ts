const nanoDigits = 9
const nanoPerUsd = 1_000_000_000n

/**
 * Nano-USD of an amount in US dollars: decimal digits, or a number, which is read as the shortest decimal that
 * names it.
 *
 * @throws RangeError on what is negative or finer than a nano-USD.
 */
export function nanoUsdOfUsd(usd: number | string): bigint {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(usd))
  if (!match) throw new RangeError(`${usd} is not an amount of US dollars`)
  const [, whole = '', fraction = '', exponent = '0'] = match
  const shift = nanoDigits + Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction)
  if (shift >= 0) return digits * 10n ** BigInt(shift)
  const divisor = 10n ** BigInt(-shift)
  if (digits % divisor !== 0n) throw new RangeError(`${usd} USD is finer than a nano-USD`)
  return digits / divisor
}

/** The same amount in US dollars: a number where that is exact, else decimal digits. */
export function usdOfNanoUsd(nanoUsd: bigint): number | string {
  const fraction = String(nanoUsd % nanoPerUsd)
    .padStart(nanoDigits, '0')
    .replace(/0+$/, '')
  const digits = `${nanoUsd / nanoPerUsd}${fraction && `.${fraction}`}`
  const number = Number(digits)
  return nanoUsdOrUndefined(number) === nanoUsd ? number : digits
}

function nanoUsdOrUndefined(usd: number): bigint | undefined {
  try {
    return nanoUsdOfUsd(usd)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
