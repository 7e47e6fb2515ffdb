import { CommandFailed } from '../client/failures.ts'

const secondsOf = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const

/** Seconds of `90s`, `15m`, `24h`, `7d` or `2w`. @throws CommandFailed */
export function durationSeconds(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  if (count === undefined || unit === undefined) {
    throw new CommandFailed(`"${text}" is no length of time: write 90s, 15m, 24h, 7d or 2w`, 2)
  }
  return Number(count) * secondsOf[unit as keyof typeof secondsOf]
}

/** A time of the calendar, `2026-11-01` or RFC 3339, or a length of time before or after now. @throws CommandFailed */
export function pointInTime(text: string, direction: 'ago' | 'ahead', now: number): string {
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const date = new Date(text)
    if (!Number.isNaN(date.getTime())) return date.toISOString()
  }
  const milliseconds = durationSeconds(text) * 1000
  return new Date(direction === 'ago' ? now - milliseconds : now + milliseconds).toISOString()
}
