import { createHash } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { type Answer, type AnswerContext, operation } from '../answer.ts'
import { countPrompt, splitPrompts } from './completions.ts'

const fullDimensions = 1536

const Request = Type.Object({
  model: Type.String(),
  input: Type.Union([
    Type.String(),
    Type.Array(Type.String(), { minItems: 1, maxItems: 2048 }),
    Type.Array(Type.Integer(), { minItems: 1 }),
    Type.Array(Type.Array(Type.Integer(), { minItems: 1 }), { minItems: 1, maxItems: 2048 }),
  ]),
  dimensions: Type.Optional(Type.Integer({ minimum: 1, maximum: fullDimensions })),
  encoding_format: Type.Optional(Type.Union([Type.Literal('float'), Type.Literal('base64')])),
})
type Request = Static<typeof Request>

export const embeddings = operation({ path: '/v1/embeddings', schema: Request, answer: answerEmbedding })

function answerEmbedding(request: Request, { model, behaviour }: AnswerContext): Answer {
  const inputs = splitPrompts(request.input)
  const inputTokens = inputs.reduce((sum, input) => sum + countPrompt(input), 0)
  const data = inputs.map((input, index) => {
    const vector = embed(JSON.stringify(input), request.dimensions ?? fullDimensions)
    const embedding = request.encoding_format === 'base64' ? encodeFloats(vector) : Array.from(vector)
    return { object: 'embedding', index, embedding }
  })
  return {
    consumption: { inputTokens, cachedInputTokens: 0, outputTokens: 0, images: 0 },
    body: {
      object: 'list',
      data,
      model: model.name,
      ...(!behaviour.omitUsage && { usage: { prompt_tokens: inputTokens, total_tokens: inputTokens } }),
    },
  }
}

/** A vector of length one that depends on nothing but the input. */
function embed(input: string, dimensions: number): Float32Array {
  const noise = createHash('shake256', { outputLength: dimensions * 4 })
    .update(input)
    .digest()
  const raw = Array.from({ length: dimensions }, (_, index) => noise.readInt32LE(index * 4) / 2 ** 31)
  const length = Math.hypot(...raw)
  return Float32Array.from(raw, (value) => value / length)
}

/** OpenAI's `base64`: little-endian 32-bit floats. */
function encodeFloats(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}
