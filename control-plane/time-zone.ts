import { BadUserInput } from './graphql/errors.ts'
import { checkText } from './input.ts'

/**
 * The name of a time zone as IANA spells it. An offset such as +02:00 is none: it would not know summer time.
 *
 * @throws BadUserInput that names the field.
 */
export function checkTimeZone(field: string, timeZone: string): string {
  checkText(field, timeZone, { maximumLength: 64 })
  const known = /^[A-Za-z]/.test(timeZone) && canonicalTimeZone(timeZone)
  if (known) return known
  throw new BadUserInput(
    field,
    `"${timeZone}" is no time zone: give an IANA name, such as Europe/Berlin or UTC`,
  )
}

function canonicalTimeZone(timeZone: string): string | undefined {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone).timeZoneId
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
