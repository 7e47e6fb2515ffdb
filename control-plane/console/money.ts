const nanoPerDollar = 1_000_000_000n
const nanoPerMicro = 1_000n

/** An amount in nano-USD for people: cents, and of less than a dollar as many digits as it has, down to a millionth. */
export function dollars(nanoUsd: string | bigint): string {
  const amount = BigInt(nanoUsd)
  const sign = amount < 0n ? '-' : ''
  const absolute = amount < 0n ? -amount : amount
  if (absolute > 0n && absolute < nanoPerMicro) return `${sign}less than $0.000001`
  const digits = absolute >= nanoPerDollar ? 2 : 6
  const unit = 10n ** BigInt(9 - digits)
  const rounded = (absolute + unit / 2n) / unit
  const perDollar = 10n ** BigInt(digits)
  const fraction = String(rounded % perDollar)
    .padStart(digits, '0')
    .replace(/0+$/, '')
    .padEnd(2, '0')
  return `${sign}$${(rounded / perDollar).toLocaleString('en-US')}.${fraction}`
}

/** How much of a limit is used, 0 to 100. A limit of nothing is used up. */
export function percentOf(used: string, limit: string): number {
  const whole = BigInt(limit)
  if (whole <= 0n) return 100
  const percent = Number((BigInt(used) * 1_000n) / whole) / 10
  return Math.min(100, Math.max(0, percent))
}
