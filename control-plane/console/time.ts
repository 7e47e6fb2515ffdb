const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** In the time zone of whoever looks. */
export function momentOf(at: string): string {
  return moment.format(new Date(at))
}

/** "5 minutes ago", "in 2 days". */
export function fromNow(at: string, now: number): string {
  const distance = Date.parse(at) - now
  const [unit, length] = units.find(([, ms]) => Math.abs(distance) >= ms) ?? ['minute', 60_000]
  return relative.format(Math.round(distance / length), unit)
}

/** When the calendar month began, by UTC, as months of usage do unless said otherwise. */
export function monthBegin(now: number): string {
  const date = new Date(now)
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth())).toISOString()
}
