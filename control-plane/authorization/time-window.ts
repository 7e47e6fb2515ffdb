import { type Weekday, weekdays } from '../../contract/budget-windows.ts'

/**
 * Some hours of some days, by the clocks of a place. The day is the one on which the hours begin: a window from 22:00
 * until 06:00 ends on the next.
 */
export interface TimeWindow {
  readonly days: readonly Weekday[]
  /** `09:00`, included. */
  readonly from: string
  /** `17:00`, not included; `24:00` is the end of the day. */
  readonly until: string
  /** An IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string
}

/** Whether a time, in milliseconds since the epoch, is in the window. */
export type ContainsTime = (now: number) => boolean

const minuteMs = 60_000
const minutesOfDay = 24 * 60

/**
 * Clocks say what time it is, whatever they were set to: an hour that a place skips is in no window, and one that it
 * repeats is in it both times.
 *
 * @throws RangeError for a time or a time zone that there is not
 */
export function compileWindow({ days, from, until, timeZone }: TimeWindow): ContainsTime {
  const [start, end] = [minuteOf(from), minuteOf(until)]
  const isOnDay = weekdays.map((day) => days.includes(day))
  const contains = (time: number): boolean => {
    const local = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timeZone)
    const minute = local.hour * 60 + local.minute
    const today = isOnDay[local.dayOfWeek - 1] === true
    const yesterday = isOnDay[(local.dayOfWeek + 5) % 7] === true
    if (start < end) return today && minute >= start && minute < end
    return (today && minute >= start) || (yesterday && minute < end)
  }
  contains(0)
  // Clocks are set in whole minutes, so that one answer holds for each.
  let [known, answer] = [Number.NaN, false]
  return (now) => {
    const minute = Math.floor(now / minuteMs)
    if (minute !== known) [known, answer] = [minute, contains(minute * minuteMs)]
    return answer
  }
}

/** Minutes since midnight. @throws RangeError */
export function minuteOf(time: string): number {
  const [, hour, minute] = /^(\d\d):([0-5]\d)$/.exec(time) ?? []
  const minutes = Number(hour) * 60 + Number(minute)
  if (minutes <= minutesOfDay) return minutes
  throw new RangeError(`"${time}" is no time of the day: write 09:00, or 24:00 for the end of the day`)
}

/** For people. */
export function describeWindow({ days, from, until, timeZone }: TimeWindow): string {
  const named = weekdays.filter((day) => days.includes(day))
  const when = named.length === weekdays.length ? 'every day' : named.map(capitalized).join(', ')
  return `${when} from ${from} until ${until} (${timeZone})`
}

const capitalized = (day: string) => `${day.charAt(0)}${day.slice(1, 3).toLowerCase()}`
