import { GraphQLError } from 'graphql'

const hourSeconds = 3_600
const daySeconds = 24 * hourSeconds
const weekSeconds = 7 * daySeconds
const longestSeconds = 100 * 366 * daySeconds
const iso8601 = /^P(?:(\d{1,5})W|(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,10})S)?)?)$/

/** @returns seconds. @throws GraphQLError unless it is a duration of ISO 8601 without years and months. */
export function parseDuration(value: unknown): number {
  const parts = typeof value === 'string' && value !== 'P' ? iso8601.exec(value) : null
  if (parts) {
    const [weeks, days, hours, minutes, seconds] = parts.slice(1).map((digits) => Number(digits ?? 0))
    const total =
      (weeks ?? 0) * weekSeconds +
      (days ?? 0) * daySeconds +
      (hours ?? 0) * hourSeconds +
      (minutes ?? 0) * 60 +
      (seconds ?? 0)
    if (total <= longestSeconds) return total
  }
  throw new GraphQLError(
    'Duration is an ISO 8601 duration in weeks, or in days, hours, minutes and seconds, such as "PT24H" or "P7D", of at most 100 years',
    { extensions: { code: 'BAD_USER_INPUT' } },
  )
}

export function formatDuration(seconds: number): string {
  const days = Math.floor(seconds / daySeconds)
  const rest = seconds % daySeconds
  const parts = [
    [Math.floor(rest / hourSeconds), 'H'],
    [Math.floor((rest % hourSeconds) / 60), 'M'],
    [rest % 60, 'S'],
  ] as const
  const time = parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('')
  if (days === 0 && time === '') return 'PT0S'
  return `P${days === 0 ? '' : `${days}D`}${time === '' ? '' : `T${time}`}`
}
