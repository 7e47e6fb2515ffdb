import { type BodyFields, type BuiltinCall, outputBound, type Span } from 'gatehouse/plugin-sdk/builtin'

interface Edit extends Span {
  readonly text: string
}

export interface UpstreamBody {
  readonly body: Buffer
  /** Whether the caller did not ask for the usage chunk that its stream will carry. */
  readonly hidesUsage: boolean
}

/**
 * The body that leaves: the caller's bytes, but for the model's name where the provider knows another, the output
 * limit where the caller set none and a budget needs one, and the request for usage in a stream that has none.
 */
export function editBody(call: BuiltinCall, upstreamModel: string): UpstreamBody {
  const { body, fields } = call
  const edits: Edit[] = []
  if (fields.model && call.model !== upstreamModel) {
    edits.push({ ...fields.model, text: JSON.stringify(upstreamModel) })
  }
  const bound = call.get(outputBound)
  if (bound !== undefined) {
    edits.push(setMember(fields, outputLimitName(call), String(bound), fields.maxOutputTokens))
  }
  const hidesUsage = needsUsageRequest(call)
  if (hidesUsage) edits.push(requestUsage(call))
  return { body: edits.length === 0 ? body : applyEdits(body, edits), hidesUsage }
}

/** The member of the body in which the provider is told its output limit. */
export function outputLimitName({ operation, fields }: BuiltinCall): string {
  if (fields.maxOutputTokens) return fields.maxOutputTokens.name
  if (operation === 'responses') return 'max_output_tokens'
  return operation === 'completions' ? 'max_tokens' : 'max_completion_tokens'
}

function needsUsageRequest({ operation, stream, fields }: BuiltinCall): boolean {
  if (!stream || (operation !== 'chat.completions' && operation !== 'completions')) return false
  return fields.streamOptions?.includeUsage !== true
}

function requestUsage({ body, fields }: BuiltinCall): Edit {
  const given = fields.streamOptions
  const text = given ? withUsage(body.toString('utf8', given.start, given.end)) : '{"include_usage":true}'
  return setMember(fields, 'stream_options', text, given)
}

function withUsage(options: string): string {
  const value: unknown = JSON.parse(options)
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  return JSON.stringify({ ...members, include_usage: true })
}

/** Replaces the member's value where it stands, for a second member of the same name would win or lose by chance. */
function setMember(fields: BodyFields, name: string, value: string, existing: Span | undefined): Edit {
  if (existing) return { start: existing.start, end: existing.end, text: value }
  const separator = fields.isEmpty ? '' : ','
  return {
    start: fields.insertAt,
    end: fields.insertAt,
    text: `${JSON.stringify(name)}:${value}${separator}`,
  }
}

function applyEdits(body: Buffer, edits: Edit[]): Buffer {
  edits.sort((a, b) => a.start - b.start)
  const pieces: Buffer[] = []
  let position = 0
  for (const { start, end, text } of edits) {
    pieces.push(body.subarray(position, start), Buffer.from(text))
    position = end
  }
  pieces.push(body.subarray(position))
  return Buffer.concat(pieces)
}
