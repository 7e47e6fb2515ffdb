import type { Prices } from './money.ts'

/** Prices that begin to hold at a time of their own. */
export interface ScheduledPrices {
  /** Milliseconds since the epoch; a call that begins at this time or later is charged by them. */
  readonly from: number
  readonly prices: Prices
}

/** What a model costs as time goes by. */
export interface PriceSchedule {
  /** Until the first of the scheduled ones holds; null: not known. */
  readonly prices: Prices | null
  /** Those that follow, earliest first; absent: none. */
  readonly scheduledPrices?: readonly ScheduledPrices[] | undefined
}

/**
 * The prices that hold at a time. Control plane and data planes ask this of the same schedule, so that a change takes
 * effect everywhere at once without anything being sent.
 *
 * @param at milliseconds since the epoch
 */
export function pricesAt({ prices, scheduledPrices }: PriceSchedule, at: number): Prices | null {
  return scheduledPrices?.findLast(({ from }) => from <= at)?.prices ?? prices
}
