/** A piece of what a model has written, as one event carries it. */
export interface TextPiece {
  /** Which of the texts of the answer it continues. */
  readonly place: string
  readonly text: string
}

type Members = { readonly [name: string]: unknown }

/** Events of a response whose `delta` the model has written; others repeat it, sum it up, or tell of something else. */
const writtenDeltas: ReadonlySet<unknown> = new Set([
  'response.output_text.delta',
  'response.refusal.delta',
  'response.reasoning_text.delta',
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
])

/** What is new in a run of whole events. What cannot be read holds nothing. */
export function textsOf(events: Buffer): readonly TextPiece[] {
  const pieces: TextPiece[] = []
  for (const line of events.toString().split('\n')) {
    const event = line.startsWith('data:') ? parseObject(line.slice('data:'.length)) : undefined
    if (!event) continue
    readDelta(event, pieces)
    for (const choice of objectsIn(event.choices)) readChoice(choice, pieces)
  }
  return pieces
}

function readDelta(event: Members, pieces: TextPiece[]): void {
  if (!writtenDeltas.has(event.type)) return
  push(pieces, `${event.type} ${Number(event.output_index)} ${Number(event.content_index)}`, event.delta)
}

/** Only what the delta adds: some providers send the whole answer so far beside it. */
function readChoice({ index: given, text, delta }: Members, pieces: TextPiece[]): void {
  const index = Number(given)
  push(pieces, `${index} text`, text)
  if (!isObject(delta)) return
  push(pieces, `${index} content`, delta.content)
  push(pieces, `${index} refusal`, delta.refusal)
  // Two names for the same text, and some providers send it under both.
  push(pieces, `${index} reasoning`, delta.reasoning_content ?? delta.reasoning)
  for (const call of objectsIn(delta.tool_calls)) {
    if (isObject(call.function)) push(pieces, `${index} tool ${Number(call.index)}`, call.function.arguments)
  }
}

function push(pieces: TextPiece[], place: string, text: unknown): void {
  if (typeof text === 'string' && text !== '') pieces.push({ place, text })
}

function parseObject(json: string): Members | undefined {
  if (!json.trimStart().startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function objectsIn(value: unknown): readonly Members[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}
