import { carriesCredential, forwardPrefix } from '../../../contract/headers.ts'
import { longestPatternLength, PatternRefused } from '../../../contract/patterns.ts'
import { compileRequiredValue, mostRequiredHeaders } from '../../../contract/required-headers.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import type { RequiredHeader } from './settings.ts'

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

/**
 * Headers that every call must carry, in the order of their names. A credential is none of them: it has a stage of its
 * own, and whoever is refused for a header learns something about its value. [X0-28]
 *
 * @throws BadUserInput that names the entry.
 */
export function checkRequiredHeaders(field: string, headers: readonly RequiredHeader[]): RequiredHeader[] {
  if (headers.length > mostRequiredHeaders) {
    throw new BadUserInput(field, `must have at most ${mostRequiredHeaders} entries, not ${headers.length}`)
  }
  const byName = new Map<string, RequiredHeader>()
  for (const [index, header] of headers.entries()) {
    const at = `${field}[${index}]`
    const name = checkRequiredName(`${at}.name`, header.name)
    if (byName.has(name)) throw new BadUserInput(`${at}.name`, `names "${name}" twice`)
    byName.set(name, { name, pattern: checkRequiredValue(`${at}.pattern`, header.pattern) })
  }
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function checkRequiredName(at: string, name: string): string {
  const lower = checkToken(at, name)
  if (lower.includes('*')) throw new BadUserInput(at, `"${name}" has a wildcard: name each header`)
  if (carriesCredential(lower)) {
    throw new BadUserInput(at, `"${name}" carries credentials, which are checked without being named here`)
  }
  return lower
}

function checkRequiredValue(at: string, pattern: string): string {
  if (pattern.startsWith('env.')) {
    throw new BadUserInput(at, 'cannot name a variable of the environment: write the value itself')
  }
  // What a header's value cannot hold (RFC 9110 §5.5) no pattern needs to name, and what is invisible would deceive.
  if (pattern !== '' && !/^[!-~]([ -~]*[!-~])?$/.test(pattern)) {
    throw new BadUserInput(at, 'must be printable ASCII without white space around it')
  }
  try {
    compileRequiredValue(pattern)
    return pattern
  } catch (error) {
    if (!(error instanceof PatternRefused)) throw error
    const shown = pattern.slice(0, longestPatternLength)
    throw new BadUserInput(at, `"${shown}" is no pattern: ${error.message}. Write "*" or the syntax of RE2`)
  }
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
    return check(at, checkToken(at, name))
  })
  return [...new Set(checked)]
}

/** In lower case. */
function checkToken(at: string, name: string): string {
  if (name.length > maximumLength) {
    throw new BadUserInput(at, `must have at most ${maximumLength} characters, not ${name.length}`)
  }
  const lower = name.toLowerCase()
  if (!token.test(lower)) {
    throw new BadUserInput(at, `"${name}" is no header name: write letters, digits and "-", as "x-trace-id"`)
  }
  return lower
}
