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
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`JSON has no spelling for ${value}`)
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members: string[] = []
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`)
  }
  return `{${members.join(',')}}`
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
