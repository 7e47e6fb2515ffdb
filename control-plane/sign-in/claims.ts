export type Claims = Readonly<Record<string, unknown>>

/** Names under which JavaScript keeps what is nobody's claim. */
const inherited = new Set(['__proto__', 'constructor', 'prototype'])
const mostSegments = 16
const mostValues = 1_000
const mostCharacters = 256

/**
 * What a token says under a path, as texts: a text, the texts of a list, or the names in an object (Zitadel writes
 * roles so). The path is a claim's name as it stands, or names that dots divide, of which each may have dots itself.
 * Nothing for a path that leads nowhere.
 *
 * A text with a control character is left out, for what is behind it is not always seen; so is one that is too long.
 */
export function readClaim(claims: Claims, path: string): readonly string[] {
  const values = new Set(textsOf(findClaim(claims, path)).filter(isUsable))
  if (values.size <= mostValues) return [...values]
  // The same ones are kept, in whatever order the provider lists them.
  return [...values].toSorted().slice(0, mostValues)
}

/** A path that leads nowhere in any token. */
export function isNoClaim(path: string): boolean {
  const segments = path.split('.')
  return segments.length > mostSegments || segments.some((segment) => inherited.has(segment))
}

/** Whether a token says anything under a path, be it an empty list. */
export function hasClaim(claims: Claims, path: string): boolean {
  return (findClaim(claims, path) ?? undefined) !== undefined
}

function findClaim(claims: Claims, path: string): unknown {
  return isNoClaim(path) ? undefined : walk(claims, path.split('.'))
}

/** The longest name first, so that a claim whose name has dots is found before what is nested. */
function walk(value: unknown, segments: readonly string[]): unknown {
  if (segments.length === 0) return value
  if (!isRecord(value)) return undefined
  for (let length = segments.length; length > 0; length--) {
    const name = segments.slice(0, length).join('.')
    if (!Object.hasOwn(value, name)) continue
    const found = walk(value[name], segments.slice(length))
    if (found !== undefined) return found
  }
  return undefined
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap((item) => (Array.isArray(item) ? [] : textsOf(item)))
  if (isRecord(value)) return Object.keys(value).filter((name) => !inherited.has(name))
  return []
}

function isUsable(text: string): boolean {
  return text !== '' && text.length <= mostCharacters && !/[\p{Cc}\p{Cs}]/u.test(text)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
