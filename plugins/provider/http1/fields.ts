import { malformed } from './client-error.ts'

/** By lower-case name; the values of several lines with one name are joined by `, ` (RFC 9110 §5.2). */
export type Fields = { readonly [name: string]: string | undefined }

export const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const maxFields = 200
const space = 0x20

/**
 * The field lines of a section that SectionReader has read. White space before the colon and folded lines are
 * refused, for neither is in a token (RFC 9112 §5.1, §5.2).
 *
 * @throws ClientError
 */
export function parseFields(text: string, start: number): Fields {
  // Without a prototype, `__proto__` is a name like any other.
  const fields: { [name: string]: string | undefined } = Object.create(null)
  let count = 0
  let at = start
  let end = text.indexOf('\r\n', at)
  while (end > at) {
    count += 1
    if (count > maxFields) throw malformed(`more than ${maxFields} fields`)
    const colon = text.indexOf(':', at)
    if (colon < 0 || colon >= end) throw malformed('a field line without a colon')
    const name = text.slice(at, colon)
    if (!tokenPattern.test(name)) throw malformed('a field name that is no token')
    addField(fields, name.toLowerCase(), trimmed(text, colon + 1, end))
    at = end + 2
    end = text.indexOf('\r\n', at)
  }
  return fields
}

function addField(fields: { [name: string]: string | undefined }, name: string, value: string): void {
  const known = fields[name]
  fields[name] = known === undefined ? value : `${known}, ${value}`
}

/** Tabs stay: readers disagree about them (llhttp takes `chunked<tab>` for another coding), so framing must not skip them. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && text.charCodeAt(start) === space) start += 1
  while (end > start && text.charCodeAt(end - 1) === space) end -= 1
  return text.slice(start, end)
}
