import { forwardPrefix } from '../../../contract/headers.ts'
import { BadUserInput } from '../../graphql/errors.ts'

const mostNames = 200
const maximumLength = 128
/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/**
 * Header names in lower case, each once.
 *
 * @throws BadUserInput that names the entry.
 */
export function checkHeaderNames(field: string, names: readonly string[]): string[] {
  return checkEach(field, names, (at, name) => {
    if (name.includes('*')) throw new BadUserInput(at, `"${name}" has a wildcard: name each header`)
    return name
  })
}

/**
 * Entries of a header filter in lower case and without `x-bf-eh-`, each once. Both notations are accepted; a `*`
 * at the end stands for any rest. [C3]
 *
 * @throws BadUserInput that names the entry.
 */
export function checkHeaderPatterns(field: string, names: readonly string[]): string[] {
  return checkEach(field, names, (at, name) => {
    const pattern = name.startsWith(forwardPrefix) ? name.slice(forwardPrefix.length) : name
    if (pattern === '') {
      throw new BadUserInput(at, `"${name}" is the prefix alone: name a header behind it, or "*" for all`)
    }
    if (pattern.slice(0, -1).includes('*')) {
      throw new BadUserInput(at, `"${name}" has a "*" that is not at its end: only a trailing one is allowed`)
    }
    return pattern
  })
}

function checkEach(
  field: string,
  names: readonly string[],
  check: (at: string, name: string) => string,
): string[] {
  if (names.length > mostNames) {
    throw new BadUserInput(field, `must have at most ${mostNames} entries, not ${names.length}`)
  }
  const checked = names.map((name, index) => {
    const at = `${field}[${index}]`
    if (name.length > maximumLength) {
      throw new BadUserInput(at, `must have at most ${maximumLength} characters, not ${name.length}`)
    }
    const lower = name.toLowerCase()
    if (!token.test(lower)) {
      throw new BadUserInput(
        at,
        `"${name}" is no header name: write letters, digits and "-", as "x-trace-id"`,
      )
    }
    return check(at, lower)
  })
  return [...new Set(checked)]
}
