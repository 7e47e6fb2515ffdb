import Type, { type Static } from 'typebox'
import {
  type Answer,
  type AnswerContext,
  type AnswerEvent,
  cachedPart,
  operation,
  outputLimit,
} from '../answer.ts'
import { compose, derivedId } from '../composition.ts'
import { countTokens } from '../tokens.ts'

const tokensPerItem = 4
const tokensPerImage = 85
const reasoningTokensShare = 24

const Part = Type.Object({ type: Type.String(), text: Type.Optional(Type.String()) })
const Item = Type.Object({
  type: Type.Optional(Type.String()),
  role: Type.Optional(Type.String()),
  content: Type.Optional(Type.Union([Type.String(), Type.Array(Part), Type.Null()])),
})
const Request = Type.Object({
  model: Type.String(),
  input: Type.Union([Type.String(), Type.Array(Item, { minItems: 1 })]),
  instructions: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  stream: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  max_output_tokens: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
})
type Request = Static<typeof Request>

export const responses = operation({ path: '/v1/responses', schema: Request, answer: answerResponse })

function answerResponse(request: Request, context: AnswerContext): Answer {
  const { model, behaviour, callNumber, createdSeconds } = context
  const input = JSON.stringify([request.instructions ?? null, request.input])
  const inputTokens = countInput(request)
  const cachedInputTokens = cachedPart(behaviour, inputTokens)
  const limit = outputLimit(context, request.max_output_tokens)
  const reasoningTokens = model.name === 'demo-reasoning' ? Math.min(reasoningTokensShare, limit) : 0
  const { pieces, truncated } = compose(input, limit - reasoningTokens, behaviour.outputTokens)
  const outputTokens = pieces.length + reasoningTokens

  const messageId = derivedId('msg_', input, callNumber)
  const text = pieces.join('')
  const started = {
    id: derivedId('resp_', input, callNumber),
    object: 'response',
    created_at: createdSeconds,
    model: model.name,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    ...unchangedSettings,
  }
  const status = truncated ? 'incomplete' : 'completed'
  const usage = {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  }
  const finished = {
    ...started,
    status,
    incomplete_details: truncated ? { reason: 'max_output_tokens' } : null,
    output: [{ ...messageItem(messageId), status, content: [textPart(text)] }],
    usage: behaviour.omitUsage ? null : usage,
  }
  return {
    consumption: { inputTokens, cachedInputTokens, outputTokens, images: 0 },
    body: finished,
    ...(request.stream && {
      events: streamResponse({ started, finished, messageId, pieces, reasoningTokens }),
    }),
  }
}

function streamResponse(answer: {
  started: object
  finished: { status: string; output: readonly object[] }
  messageId: string
  pieces: readonly string[]
  reasoningTokens: number
}): AnswerEvent[] {
  const { started, finished, messageId, pieces, reasoningTokens } = answer
  const events: AnswerEvent[] = []
  let outputTokens = reasoningTokens
  const push = (type: string, fields: object) =>
    events.push({ event: type, data: { type, sequence_number: events.length, ...fields }, outputTokens })

  const running = { ...started, status: 'in_progress', incomplete_details: null, output: [], usage: null }
  const place = { item_id: messageId, output_index: 0, content_index: 0 }
  push('response.created', { response: running })
  push('response.in_progress', { response: running })
  push('response.output_item.added', {
    output_index: 0,
    item: { ...messageItem(messageId), status: 'in_progress', content: [] },
  })
  push('response.content_part.added', { ...place, part: textPart('') })
  for (const piece of pieces) {
    outputTokens++
    push('response.output_text.delta', { ...place, delta: piece, logprobs: [] })
  }
  const text = pieces.join('')
  push('response.output_text.done', { ...place, text, logprobs: [] })
  push('response.content_part.done', { ...place, part: textPart(text) })
  push('response.output_item.done', { output_index: 0, item: finished.output[0] })
  push(`response.${finished.status}`, { response: finished })
  return events
}

function messageItem(id: string) {
  return { id, type: 'message', role: 'assistant' }
}

function textPart(text: string) {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

/** What the API repeats of a request's settings; the simulator heeds none of them. */
const unchangedSettings = {
  error: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: false,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  truncation: 'disabled',
  user: null,
}

function countInput({ input, instructions }: Request): number {
  const instructionTokens = instructions ? tokensPerItem + countTokens(instructions) : 0
  if (typeof input === 'string') return instructionTokens + tokensPerItem + countTokens(input)
  return input.reduce((sum, item) => sum + countItem(item), instructionTokens)
}

function countItem({ content }: Static<typeof Item>): number {
  if (typeof content === 'string') return tokensPerItem + countTokens(content)
  const parts = content ?? []
  return parts.reduce(
    (sum, part) => sum + (part.type.includes('image') ? tokensPerImage : countTokens(part.text ?? '')),
    tokensPerItem,
  )
}
