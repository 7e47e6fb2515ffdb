import { BadUserInput } from './graphql/errors.ts'

const maximumNameLength = 128

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
