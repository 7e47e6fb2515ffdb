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

/** What OpenAI documents for its chat format: each message is framed by three tokens, the reply is primed by three. */
const tokensPerMessage = 3
const tokensOfPriming = 3
const tokensPerImage = 85
const reasoningTokensShare = 24

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])
const Limit = Type.Optional(Nullable(Type.Integer({ minimum: 1 })))

const Message = Type.Object({
  role: Type.String(),
  name: Type.Optional(Type.String()),
  content: Type.Optional(
    Nullable(
      Type.Union([
        Type.String(),
        Type.Array(Type.Object({ type: Type.String(), text: Type.Optional(Type.String()) })),
      ]),
    ),
  ),
})

const Request = Type.Object({
  model: Type.String(),
  messages: Type.Array(Message, { minItems: 1 }),
  stream: Type.Optional(Nullable(Type.Boolean())),
  stream_options: Type.Optional(Nullable(Type.Object({ include_usage: Type.Optional(Type.Boolean()) }))),
  n: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 16 }))),
  max_tokens: Limit,
  max_completion_tokens: Limit,
  response_format: Type.Optional(Type.Object({ type: Type.String() })),
  tools: Type.Optional(
    Type.Array(Type.Object({ function: Type.Optional(Type.Object({ name: Type.String() })) })),
  ),
  tool_choice: Type.Optional(Type.Unknown()),
})
type Request = Static<typeof Request>

interface Choice {
  readonly index: number
  readonly pieces: readonly string[]
  readonly toolName: string | undefined
  readonly finishReason: 'stop' | 'length' | 'tool_calls'
}

export const chatCompletions = operation({
  path: '/v1/chat/completions',
  schema: Request,
  answer: answerChat,
})

function answerChat(request: Request, context: AnswerContext): Answer {
  const { model, behaviour, callNumber, createdSeconds } = context
  const input = JSON.stringify(request.messages)
  const inputTokens = countMessages(request.messages)
  const limit = outputLimit(context, request.max_tokens, request.max_completion_tokens)
  const reasoningTokens = model.name === 'demo-reasoning' ? Math.min(reasoningTokensShare, limit) : 0
  const choices = Array.from({ length: request.n ?? 1 }, (_, index) =>
    choose(
      request,
      index,
      index === 0 ? input : `${index}:${input}`,
      limit - reasoningTokens,
      behaviour.outputTokens,
    ),
  )
  const writtenTokens = choices.reduce((sum, choice) => sum + choice.pieces.length, 0)
  const outputTokens = writtenTokens + reasoningTokens * choices.length
  const cachedInputTokens = cachedPart(behaviour, inputTokens)

  const head = { id: derivedId('chatcmpl-', input, callNumber), created: createdSeconds, model: model.name }
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoningTokens * choices.length, audio_tokens: 0 },
  }
  return {
    consumption: { inputTokens, cachedInputTokens, outputTokens, images: 0 },
    body: {
      ...head,
      object: 'chat.completion',
      choices: choices.map(wholeChoice),
      ...(!behaviour.omitUsage && { usage }),
      system_fingerprint: 'fp_simulator',
    },
    ...(request.stream && {
      events: streamChoices(
        { ...head, object: 'chat.completion.chunk', system_fingerprint: 'fp_simulator' },
        choices,
        outputTokens - writtenTokens,
        request.stream_options?.include_usage && !behaviour.omitUsage ? usage : undefined,
      ),
    }),
  }
}

function choose(
  request: Request,
  index: number,
  input: string,
  limit: number,
  wantedTokens: number | undefined,
): Choice {
  const toolName = requiredTool(request)
  if (toolName !== undefined) {
    return { index, pieces: ['{', '}'].slice(0, limit), toolName, finishReason: 'tool_calls' }
  }
  const { pieces, truncated } = compose(input, limit, wantedTokens)
  const finishReason = truncated ? 'length' : 'stop'
  const asJson = request.response_format !== undefined && request.response_format.type !== 'text'
  if (!asJson || truncated) return { index, pieces, toolName, finishReason }
  return { index, pieces: ['{"', 'answer', '":"', ...pieces, '"}'].slice(0, limit), toolName, finishReason }
}

/** The tool that the caller insists on: by name, or any by `required`. */
function requiredTool({ tools, tool_choice }: Request): string | undefined {
  if (tool_choice === 'required') return tools?.find((tool) => tool.function)?.function?.name
  if (typeof tool_choice !== 'object' || tool_choice === null || !('function' in tool_choice))
    return undefined
  const named = tool_choice.function
  return typeof named === 'object' && named !== null && 'name' in named ? String(named.name) : undefined
}

function wholeChoice({ index, pieces, toolName, finishReason }: Choice) {
  const text = pieces.join('')
  const message =
    toolName === undefined
      ? { role: 'assistant', content: text, refusal: null, annotations: [] }
      : {
          role: 'assistant',
          content: null,
          refusal: null,
          tool_calls: [
            { id: `call_${index}`, type: 'function', function: { name: toolName, arguments: text } },
          ],
        }
  return { index, message, logprobs: null, finish_reason: finishReason }
}

function streamChoices(
  head: object,
  choices: readonly Choice[],
  reasoningTokens: number,
  usage: object | undefined,
): AnswerEvent[] {
  const events: AnswerEvent[] = []
  let outputTokens = reasoningTokens
  const push = (index: number, delta: object, finishReason: string | null) => {
    const choice = { index, delta, logprobs: null, finish_reason: finishReason }
    events.push({ data: { ...head, choices: [choice], ...(usage && { usage: null }) }, outputTokens })
  }
  for (const { index, pieces, toolName, finishReason } of choices) {
    push(index, { role: 'assistant', content: toolName === undefined ? '' : null, refusal: null }, null)
    if (toolName !== undefined) {
      const call = {
        index: 0,
        id: `call_${index}`,
        type: 'function',
        function: { name: toolName, arguments: '' },
      }
      push(index, { tool_calls: [call] }, null)
    }
    for (const piece of pieces) {
      outputTokens++
      const said =
        toolName === undefined
          ? { content: piece }
          : { tool_calls: [{ index: 0, function: { arguments: piece } }] }
      push(index, said, null)
    }
    push(index, {}, finishReason)
  }
  if (usage) events.push({ data: { ...head, choices: [], usage }, outputTokens })
  events.push({ data: '[DONE]', outputTokens })
  return events
}

function countMessages(messages: Request['messages']): number {
  return messages.reduce((sum, message) => sum + countMessage(message), tokensOfPriming)
}

function countMessage({ role, name, content }: Request['messages'][number]): number {
  const framing = tokensPerMessage + countTokens(role) + (name === undefined ? 0 : 1 + countTokens(name))
  if (typeof content === 'string') return framing + countTokens(content)
  const parts = content ?? []
  return parts.reduce(
    (sum, part) => sum + (part.type.includes('image') ? tokensPerImage : countTokens(part.text ?? '')),
    framing,
  )
}
