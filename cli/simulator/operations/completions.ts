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

/** This API's own default, unlike that of chat. */
const defaultMaxTokens = 16

const Request = Type.Object({
  model: Type.String(),
  prompt: Type.Union([
    Type.String(),
    Type.Array(Type.String(), { minItems: 1 }),
    Type.Array(Type.Integer(), { minItems: 1 }),
    Type.Array(Type.Array(Type.Integer(), { minItems: 1 }), { minItems: 1 }),
  ]),
  stream: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  stream_options: Type.Optional(
    Type.Union([Type.Object({ include_usage: Type.Optional(Type.Boolean()) }), Type.Null()]),
  ),
  n: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 16 }), Type.Null()])),
  max_tokens: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
})
type Request = Static<typeof Request>
type Prompt = string | readonly number[]

export const completions = operation({ path: '/v1/completions', schema: Request, answer: answerCompletion })

function answerCompletion(request: Request, context: AnswerContext): Answer {
  const { model, behaviour, callNumber, createdSeconds } = context
  const prompts = splitPrompts(request.prompt)
  const inputTokens = prompts.reduce((sum, prompt) => sum + countPrompt(prompt), 0)
  const limit = outputLimit(context, request.max_tokens ?? behaviour.outputTokens ?? defaultMaxTokens)
  const choices = prompts
    .flatMap((prompt) =>
      Array.from({ length: request.n ?? 1 }, (_, copy) => `${copy}:${JSON.stringify(prompt)}`),
    )
    .map((input, index) => ({ index, ...compose(input, limit, behaviour.outputTokens) }))
  const outputTokens = choices.reduce((sum, choice) => sum + choice.pieces.length, 0)
  const cachedInputTokens = cachedPart(behaviour, inputTokens)

  const head = {
    id: derivedId('cmpl-', JSON.stringify(request.prompt), callNumber),
    object: 'text_completion',
    created: createdSeconds,
    model: model.name,
  }
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens },
  }
  const streamedUsage = request.stream_options?.include_usage && !behaviour.omitUsage ? usage : undefined
  return {
    consumption: { inputTokens, cachedInputTokens, outputTokens, images: 0 },
    body: {
      ...head,
      choices: choices.map(({ index, pieces, truncated }) =>
        choiceOf(index, pieces.join(''), finish(truncated)),
      ),
      ...(!behaviour.omitUsage && { usage }),
    },
    ...(request.stream && { events: streamChoices(head, choices, streamedUsage) }),
  }
}

function streamChoices(
  head: object,
  choices: readonly { index: number; pieces: readonly string[]; truncated: boolean }[],
  usage: object | undefined,
): AnswerEvent[] {
  const events: AnswerEvent[] = []
  let outputTokens = 0
  const push = (index: number, text: string, finishReason: string | null) =>
    events.push({
      data: { ...head, choices: [choiceOf(index, text, finishReason)], ...(usage && { usage: null }) },
      outputTokens,
    })
  for (const { index, pieces, truncated } of choices) {
    for (const piece of pieces) {
      outputTokens++
      push(index, piece, null)
    }
    push(index, '', finish(truncated))
  }
  if (usage) events.push({ data: { ...head, choices: [], usage }, outputTokens })
  events.push({ data: '[DONE]', outputTokens })
  return events
}

function choiceOf(index: number, text: string, finishReason: string | null) {
  return { text, index, logprobs: null, finish_reason: finishReason }
}

function finish(truncated: boolean): string {
  return truncated ? 'length' : 'stop'
}

/** One prompt or several, each as text or as tokens. */
export function splitPrompts(prompt: Prompt | readonly Prompt[]): readonly Prompt[] {
  if (typeof prompt === 'string') return [prompt]
  const [first] = prompt
  return typeof first === 'number' ? [prompt as readonly number[]] : (prompt as readonly Prompt[])
}

export function countPrompt(prompt: Prompt): number {
  return typeof prompt === 'string' ? countTokens(prompt) : prompt.length
}
