import { BadUserInput } from '../../graphql/errors.ts'

const mostValues = 20

/**
 * Classes or methods, as tokens and requests write them: what has a space or a quote would be several in a request (OpenID
 * Connect Core, section 3.1.2.1) or end a header's text.
 *
 * @throws BadUserInput
 */
export function checkValues(field: string, values: readonly string[]): string[] {
  const found = [...new Set(values)]
  if (found.length > mostValues) throw new BadUserInput(field, `must have at most ${mostValues} entries`)
  const bad = found.find((value) => !isValue(value))
  if (bad === undefined) return found
  throw new BadUserInput(field, 'must be 1 to 128 printable ASCII characters each, without space, " and \\')
}

export function isValue(text: string): boolean {
  return /^[!#-[\]-~]{1,128}$/.test(text)
}
