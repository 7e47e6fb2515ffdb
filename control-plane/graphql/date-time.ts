const earliest = Date.parse('1900-01-01T00:00:00Z')
const latest = Date.parse('9999-12-31T23:59:59.999Z')
const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

export const dateTimeRule = 'an RFC 3339 time such as "2030-01-31T12:00:00Z", of the years 1900 to 9999'

/** The point in time that a text names; undefined when it names none. */
export function findDateTime(value: unknown): Date | undefined {
  const [text, ...parts] = (typeof value === 'string' && rfc3339.exec(value)) || []
  const [year = 0, month = 0, day = 0] = parts.map(Number)
  // JavaScript takes the 30th of February for the 2nd of March.
  if (text === undefined || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined
  const date = new Date(text)
  return date.getTime() >= earliest && date.getTime() <= latest ? date : undefined
}

function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (month === 2) return isLeap ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}
