import { isUtf8 } from 'node:buffer'
import type { BodyFields, Span } from '../../plugins/sdk/builtin.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import { MalformedJson, skipSpace, skipString, skipValue } from './json-scan.ts'

/** The top-level members that decide where a call goes and what it may cost. */
const readMembers = [
  'model',
  'stream',
  'n',
  'best_of',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'stream_options',
] as const
type ReadMember = (typeof readMembers)[number]

const memberByName: ReadonlyMap<string, ReadMember> = new Map(readMembers.map((name) => [name, name]))
const isReadLength = new Uint8Array(64)
for (const name of readMembers) isReadLength[name.length] = 1

const maxModelBytes = 512
const maxChoices = 128
const maxStreamOptionsBytes = 1024

/** The fields of a call that has no body. */
export const noFields: BodyFields = Object.freeze({
  insertAt: 0,
  isEmpty: true,
  model: undefined,
  stream: false,
  maxOutputTokens: undefined,
  choices: 1,
  streamOptions: undefined,
})

/** What one pass over the body found; becomes the call's `fields`. */
class FoundFields implements BodyFields {
  insertAt = 0
  isEmpty = true
  model: Span | undefined = undefined
  stream = false
  maxOutputTokens: BodyFields['maxOutputTokens'] = undefined
  choices = 1
  streamOptions: BodyFields['streamOptions'] = undefined
  /** One bit per read member that was seen. */
  seen = 0
}

/**
 * Finds the top-level members that the gateway reads, in one pass and without building values.
 *
 * A body that two JSON readers could understand differently is refused: a read member that stands twice, or in another
 * spelling of upper and lower case (Go's decoder would take it for the same member).
 *
 * @throws Denied `invalid_request_error` that names the member at fault.
 */
export function scanBody(body: Buffer): BodyFields {
  try {
    return scanObject(body)
  } catch (error) {
    if (error instanceof MalformedJson) throw refusal(`The body is not valid JSON: ${error.message}`)
    throw error
  }
}

function scanObject(body: Buffer): BodyFields {
  const fields = new FoundFields()
  let at = skipSpace(body, 0)
  if (body[at] !== 0x7b) throw refusal('The body must be a JSON object')
  at++
  fields.insertAt = at
  at = skipSpace(body, at)
  fields.isEmpty = body[at] === 0x7d
  if (fields.isEmpty) at++
  else at = scanMembers(body, at, fields)
  if (skipSpace(body, at) !== body.length) throw new MalformedJson('something follows the object')
  return fields
}

function scanMembers(body: Buffer, from: number, fields: FoundFields): number {
  let at = from
  for (;;) {
    if (body[at] !== 0x22) throw new MalformedJson('expected a member name')
    const nameEnd = skipString(body, at)
    const member = readMemberAt(body, at, nameEnd)
    at = skipSpace(body, nameEnd)
    if (body[at] !== 0x3a) throw new MalformedJson('expected ":" after a member name')
    const start = skipSpace(body, at + 1)
    const end = skipValue(body, start)
    if (member !== undefined) readMember(member, body, start, end, fields)
    at = skipSpace(body, end)
    const separator = body[at]
    if (separator === 0x7d) return at + 1
    if (separator !== 0x2c) throw new MalformedJson('expected "," or "}" after a member')
    at = skipSpace(body, at + 1)
  }
}

/** The read member whose name stands between these offsets (quotes included), if it is one. */
function readMemberAt(body: Buffer, start: number, end: number): ReadMember | undefined {
  let isPlain = true
  for (let at = start + 1; at < end - 1; at++) {
    const byte = body[at]
    if (byte === undefined || byte === 0x5c || byte > 0x7e || byte < 0x20) isPlain = false
  }
  if (isPlain && isReadLength[end - start - 2] !== 1) return undefined
  const name = isPlain
    ? body.toString('latin1', start + 1, end - 1)
    : decodeString(body, start, end, 'member name')
  const member = memberByName.get(name)
  if (member !== undefined) return member
  // Upper-casing last folds the long s and the Kelvin sign, as Go does.
  const folded = memberByName.get(name.toLowerCase().toUpperCase().toLowerCase())
  if (folded === undefined) return undefined
  throw refusal(`"${folded}" must be written in lower case`, folded)
}

function readMember(name: ReadMember, body: Buffer, start: number, end: number, fields: FoundFields): void {
  const bit = 1 << readMembers.indexOf(name)
  if (fields.seen & bit) throw refusal(`"${name}" stands twice in the body`, name)
  fields.seen |= bit
  switch (name) {
    case 'model':
      checkModel(body, start, end)
      fields.model = { start, end }
      return
    case 'stream':
      fields.stream = readBoolean(body, start, end)
      return
    case 'n':
    case 'best_of':
      fields.choices = Math.max(fields.choices, readChoices(name, body, start, end))
      return
    case 'stream_options':
      fields.streamOptions = { start, end, includeUsage: readIncludeUsage(body, start, end) }
      return
    default:
      if (fields.maxOutputTokens)
        throw refusal(`Send "${fields.maxOutputTokens.name}" or "${name}", not both`, name)
      fields.maxOutputTokens = { start, end, name, value: readCount(name, body, start, end) }
  }
}

function checkModel(body: Buffer, start: number, end: number): void {
  if (body[start] !== 0x22) throw refusal('"model" must be a string', 'model')
  if (end - start > maxModelBytes) throw refusal(`"model" must not exceed ${maxModelBytes} bytes`, 'model')
}

/**
 * The model that a body names, decoded.
 *
 * @throws Denied when the string is not well-formed.
 */
export function modelOf(body: Buffer, span: Span): string {
  const model = decodeString(body, span.start, span.end, 'value of "model"', 'model')
  // What is not UTF-8 another reader may read as other characters; the character that stands for it here may also be sent.
  if (model.includes('\ufffd') && !isUtf8(body.subarray(span.start, span.end))) {
    throw refusal('"model" must be valid UTF-8', 'model')
  }
  return model
}

function readBoolean(body: Buffer, start: number, end: number): boolean {
  const text = body.toString('latin1', start, Math.min(end, start + 6))
  if (text === 'true') return true
  if (text === 'false' || text === 'null') return false
  throw refusal('"stream" must be true or false', 'stream')
}

function readCount(name: string, body: Buffer, start: number, end: number): number | null {
  const text = body.toString('latin1', start, Math.min(end, start + 32))
  if (text === 'null') return null
  const first = body[start]
  const value = first !== undefined && first >= 0x30 && first <= 0x39 ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw refusal(`"${name}" must be a whole number`, name)
}

function readChoices(name: string, body: Buffer, start: number, end: number): number {
  const value = readCount(name, body, start, end) ?? 1
  if (value >= 1 && value <= maxChoices) return value
  throw refusal(`"${name}" must be between 1 and ${maxChoices}`, name)
}

function readIncludeUsage(body: Buffer, start: number, end: number): boolean {
  if (end - start > maxStreamOptionsBytes) throw refusal('"stream_options" is too large', 'stream_options')
  let options: unknown
  try {
    options = JSON.parse(body.toString('utf8', start, end))
  } catch {
    throw refusal('"stream_options" is not valid JSON', 'stream_options')
  }
  if (options === null) return false
  if (typeof options !== 'object' || Array.isArray(options)) {
    throw refusal('"stream_options" must be an object', 'stream_options')
  }
  return 'include_usage' in options && options.include_usage === true
}

function decodeString(body: Buffer, start: number, end: number, what: string, param?: string): string {
  try {
    const value: unknown = JSON.parse(body.toString('utf8', start, end))
    if (typeof value === 'string') return value
  } catch {
    throw refusal(`A ${what} is not a valid JSON string`, param)
  }
  throw refusal(`A ${what} is not a string`, param)
}

function refusal(message: string, param?: string): Denied {
  return new Denied('invalid_request_error', message, param === undefined ? {} : { param })
}
