/** JSON data: what may cross a process boundary. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/**
 * The one spelling of a JSON value (RFC 8785): keys sorted by UTF-16 code unit, no white space, so that equal
 * values have equal bytes and equal hashes. Members whose value is `undefined` are left out. Where the RFC gives up
 * on a lone surrogate it is escaped (`\ud800`), so that one odd name cannot stop a whole configuration.
 *
 * @throws TypeError on a number that JSON cannot carry.
 */
export function canonicalJson(value: Json): string {
  // What was read from a canonical text is in order already: one native call spells it, many times faster.
  return isInOrder(value) ? JSON.stringify(value) : spell(value)
}

function isInOrder(value: Json | undefined): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (value === null || typeof value !== 'object') return value !== undefined
  if (isArray(value)) return value.every(isInOrder)
  let before: string | undefined
  for (const key of Object.keys(value)) {
    if (before !== undefined && key < before) return false
    before = key
    const member = value[key]
    if (member !== undefined && !isInOrder(member)) return false
  }
  return true
}

function spell(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`JSON has no spelling for ${value}`)
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(spell).join(',')}]`
  const members: string[] = []
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${spell(member)}`)
  }
  return `{${members.join(',')}}`
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
