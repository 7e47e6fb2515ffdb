import { grainMs } from './grains.ts'

/** For how long calls are summed into one group. */
export const usageIntervals = ['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH'] as const
export type UsageInterval = (typeof usageIntervals)[number]

export interface IntervalsAsked {
  readonly interval: UsageInterval
  /** An IANA name. */
  readonly timeZone: string
  /** In milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

/**
 * When each interval begins that has part of the time from `from` to `to`, by the clocks of the time zone; behind them, when
 * the last one ends. Of too many, one more than `most`.
 *
 * Minutes are those of UTC. Hours count from midnight: where clocks are set, a day ends with an hour that is cut short.
 */
export function intervalBounds(asked: IntervalsAsked, most: number): number[] {
  const bounds: number[] = []
  for (const bound of boundsFrom(asked)) {
    // An interval that ends where the asked time begins has no part of it, and one that a clock skips has no length.
    if (bound <= asked.from) bounds.length = 0
    if (bound !== bounds.at(-1)) bounds.push(bound)
    if (bound >= asked.to || bounds.length > most + 1) break
  }
  return bounds
}

function* boundsFrom({ interval, timeZone, from }: IntervalsAsked): Generator<number> {
  if (interval === 'MINUTE') {
    for (let bound = Math.floor(from / grainMs.minute) * grainMs.minute; ; bound += grainMs.minute)
      yield bound
  }
  const today = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone).toPlainDate()
  const unit = interval === 'MONTH' ? { months: 1 } : interval === 'WEEK' ? { days: 7 } : { days: 1 }
  let day = firstDay(interval, today)
  for (;;) {
    const next = day.add(unit)
    const end = midnight(next, timeZone)
    const step = interval === 'HOUR' ? grainMs.hour : end - midnight(day, timeZone)
    for (let bound = midnight(day, timeZone); bound < end; bound += step) yield bound
    day = next
  }
}

function firstDay(interval: UsageInterval, today: Temporal.PlainDate): Temporal.PlainDate {
  if (interval === 'WEEK') return today.subtract({ days: today.dayOfWeek - 1 })
  return interval === 'MONTH' ? today.with({ day: 1 }) : today
}

/** Where clocks skip midnight, the first moment of the day. */
function midnight(day: Temporal.PlainDate, timeZone: string): number {
  return day.toZonedDateTime(timeZone).epochMilliseconds
}
