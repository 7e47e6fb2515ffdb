/**
 * Where the money of one budget window is, in nano-USD. At every moment `settled + leased <= ceiling`; a charge
 * that finds no room there is kept in `overdrawn` and blocks further grants.
 */
export interface WindowBalance {
  /** The budget's limit, or more while a lowered limit is below what was settled and leased before. */
  readonly ceiling: bigint
  readonly settled: bigint
  /** In the hands of data planes: counts as gone until it is settled or given back. */
  readonly leased: bigint
  /** Spent beyond what was leased and beyond the limit: a provider billed more than was reserved. */
  readonly overdrawn: bigint
}

export interface GrantTerms {
  readonly limit: bigint
  readonly wanted: bigint
  readonly needed: bigint
  /** Among how many data planes what is left is shared. */
  readonly dataPlanes: number
}

/** Leases a part of what is left: what is wanted, a fair share near the limit, and nothing when even the need is beyond it. */
export function grant(
  balance: WindowBalance,
  { limit, wanted, needed, dataPlanes }: GrantTerms,
): { balance: WindowBalance; granted: bigint } {
  const current = underLimit(balance, limit)
  const left = available(current, limit)
  const share = left / BigInt(dataPlanes + 1)
  const granted = left < needed ? 0n : max(needed, min(wanted, share))
  return { balance: { ...current, leased: current.leased + granted }, granted }
}

/** Charges a lease; what exceeds its remainder is charged to the window itself. */
export function settle(
  balance: WindowBalance,
  remaining: bigint,
  charge: bigint,
): { balance: WindowBalance; remaining: bigint } {
  const fromLease = min(remaining, charge)
  const settled = {
    ...balance,
    leased: balance.leased - fromLease,
    settled: balance.settled + fromLease,
    overdrawn: balance.overdrawn + charge - fromLease,
  }
  return { balance: absorbOverdraft(settled), remaining: remaining - fromLease }
}

/** Returns what a closed lease did not spend. */
export function giveBack(balance: WindowBalance, remaining: bigint): WindowBalance {
  return absorbOverdraft({ ...balance, leased: balance.leased - remaining })
}

/** What may still be leased to anyone. */
export function available({ settled, leased, overdrawn }: WindowBalance, limit: bigint): bigint {
  return max(0n, limit - settled - leased - overdrawn)
}

function underLimit(balance: WindowBalance, limit: bigint): WindowBalance {
  return absorbOverdraft({ ...balance, ceiling: max(limit, balance.settled + balance.leased) })
}

function absorbOverdraft(balance: WindowBalance): WindowBalance {
  const room = balance.ceiling - balance.settled - balance.leased
  const absorbed = min(balance.overdrawn, room)
  return { ...balance, settled: balance.settled + absorbed, overdrawn: balance.overdrawn - absorbed }
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
