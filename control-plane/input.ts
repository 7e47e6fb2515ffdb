import type { Json } from '../contract/canonical.ts'
import { BadUserInput } from './graphql/errors.ts'

/** What no argument of the API exceeds; most fields have a lower limit of their own. */
export const inputLimits = {
  textLength: 65_536,
  idLength: 128,
  listLength: 1_000,
  /** Objects and lists within each other. */
  jsonDepth: 64,
} as const

const maximumNameLength = 128
const longestJsonKey = 1_024

/**
 * A name that people read: 1 to 128 characters, no control characters, no white space around it.
 *
 * @throws BadUserInput that names the field.
 */
export function checkName(field: string, name: string): string {
  return checkText(field, name, { maximumLength: maximumNameLength })
}

/** @throws BadUserInput that names the field and the limit. */
export function checkText(field: string, text: string, { maximumLength }: { maximumLength: number }): string {
  if (text.length === 0) throw new BadUserInput(field, 'must not be empty')
  if (text.length > maximumLength) {
    throw new BadUserInput(field, `must have at most ${maximumLength} characters, not ${text.length}`)
  }
  // Cc and Cf also hold the bidirectional overrides, with which a name can pose as another one.
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text) || !text.isWellFormed()) {
    throw new BadUserInput(field, 'must not contain control or formatting characters')
  }
  if (text.trim() !== text) throw new BadUserInput(field, 'must not begin or end with white space')
  return text
}

/** In lower case. @throws BadUserInput that names the field. */
export function checkEmail(field: string, email: string): string {
  checkText(field, email, { maximumLength: 254 })
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new BadUserInput(field, 'must look like name@example.com')
  return email.toLowerCase()
}

/** @throws BadUserInput that names the field and the bounds. */
export function checkInteger(
  field: string,
  value: number,
  { minimum, maximum }: { minimum: number; maximum: number },
): number {
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new BadUserInput(field, `must be an integer from ${minimum} to ${maximum}, not ${value}`)
  }
  return value
}

const mostConcurrentCalls = 1_000_000

/**
 * How many calls may be under way at once; null: any number. Left out it stays as it is.
 *
 * @throws BadUserInput
 */
export function checkConcurrency(given: number | null | undefined, present: number | null): number | null {
  if (given === undefined) return present
  if (given === null) return null
  return checkInteger('maxConcurrentCalls', given, { minimum: 1, maximum: mostConcurrentCalls })
}

/** @throws BadUserInput unless the time is still to come. */
export function checkFuture(field: string, time: Date, now: number): Date {
  if (time.getTime() <= now) throw new BadUserInput(field, 'must be in the future')
  return time
}

/**
 * An allow-list: `[]` allows nothing, `["*"]` everything, otherwise the names themselves. [X0-23]
 *
 * @throws BadUserInput on a mixture, a duplicate, an empty name or more than 1000 names.
 */
export function checkAllowList(field: string, names: readonly string[]): string[] {
  if (names.length > 1_000)
    throw new BadUserInput(field, `must have at most 1000 entries, not ${names.length}`)
  for (const name of names) checkText(field, name, { maximumLength: 256 })
  if (names.includes('*') && names.length > 1) {
    throw new BadUserInput(field, '"*" stands for everything and cannot be mixed with names')
  }
  const duplicate = names.find((name, index) => names.indexOf(name) !== index)
  if (duplicate !== undefined) throw new BadUserInput(field, `names "${duplicate}" twice`)
  return [...names]
}

/**
 * What every id is like, whatever it names.
 *
 * @throws BadUserInput that names the field and the limit.
 */
export function checkId(field: string, id: string): void {
  if (id.length <= inputLimits.idLength && /^[!-~]+$/.test(id)) return
  throw new BadUserInput(
    field,
    `is no id: it has 1 to ${inputLimits.idLength} printable ASCII characters and no space, as the API gave it`,
  )
}

/**
 * What every text is like: PostgreSQL and JSON can carry it.
 *
 * @throws BadUserInput that names the field and the limit.
 */
export function checkUnicode(
  field: string,
  text: string,
  maximumLength: number = inputLimits.textLength,
): void {
  if (text.length > maximumLength) {
    throw new BadUserInput(field, `must have at most ${maximumLength} characters, not ${text.length}`)
  }
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new BadUserInput(field, 'must be well-formed Unicode without U+0000')
  }
}

/** @throws BadUserInput that names the field and the limit. */
export function checkListLength(field: string, length: number): void {
  if (length <= inputLimits.listLength) return
  throw new BadUserInput(field, `must have at most ${inputLimits.listLength} entries, not ${length}`)
}

/**
 * What every JSON value is like, within whatever schema it has.
 *
 * @throws BadUserInput that names the place and the limit.
 */
export function checkJson(field: string, value: Json, depth = 0): void {
  if (typeof value === 'string') checkUnicode(field, value, Number.POSITIVE_INFINITY)
  else if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new BadUserInput(field, 'is a number too large for JSON')
  } else if (value !== null && typeof value === 'object') checkJsonMembers(field, value, depth + 1)
}

function checkJsonMembers(field: string, value: object, depth: number): void {
  if (depth > inputLimits.jsonDepth) {
    throw new BadUserInput(field, `must not be nested more than ${inputLimits.jsonDepth} deep`)
  }
  for (const [key, member] of Object.entries(value)) {
    const place = `${field}/${key.toWellFormed().slice(0, 64)}`
    checkUnicode(place, key, longestJsonKey)
    if (key === '__proto__') throw new BadUserInput(place, 'cannot be the name of a member')
    if (member !== undefined) checkJson(place, member as Json, depth)
  }
}
