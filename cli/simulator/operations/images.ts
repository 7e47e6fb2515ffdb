import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import Type, { type Static } from 'typebox'
import { type Answer, type AnswerContext, operation } from '../answer.ts'
import { countTokens } from '../tokens.ts'

const sidePixels = 16

const Request = Type.Object({
  model: Type.String(),
  prompt: Type.String({ minLength: 1 }),
  n: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 10 }), Type.Null()])),
  response_format: Type.Optional(Type.Union([Type.Literal('url'), Type.Literal('b64_json'), Type.Null()])),
})
type Request = Static<typeof Request>

export const imageGenerations = operation({
  path: '/v1/images/generations',
  schema: Request,
  answer: answerImage,
})

function answerImage(request: Request, { createdSeconds }: AnswerContext): Answer {
  const images = request.n ?? 1
  const data = Array.from({ length: images }, (_, index) => {
    const picture = paint(`${index}:${request.prompt}`).toString('base64')
    return request.response_format === 'url'
      ? { url: `data:image/png;base64,${picture}` }
      : { b64_json: picture }
  })
  const inputTokens = countTokens(request.prompt)
  return {
    // Billed by the picture; the tokens of the prompt cost nothing.
    consumption: { inputTokens, cachedInputTokens: 0, outputTokens: 0, images },
    body: { created: createdSeconds, data },
  }
}

/** A small PNG of one colour, which depends on nothing but the input. */
function paint(input: string): Buffer {
  const colour = createHash('sha256').update(input).digest().subarray(0, 3)
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: sidePixels }, () => colour)])
  const header = Buffer.alloc(13)
  header.writeUInt32BE(sidePixels, 0)
  header.writeUInt32BE(sidePixels, 4)
  // Eight bits a channel, RGB.
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: sidePixels }, () => row)))),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

function pngChunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, checksum])
}
