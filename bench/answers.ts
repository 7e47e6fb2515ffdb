import { type Case, prose } from './cases.ts'

/** What the mock upstream sends: pieces with the HTTP framing already in them. */
export interface Answer {
  readonly pieces: readonly Buffer[]
}

const eventBytes = 150
const base = { id: 'chatcmpl-bench', created: 1_760_000_000, model: 'bench' }
const usage = { prompt_tokens: 210, completion_tokens: 64, total_tokens: 274 }

export function answerOf({ stream, bytes }: Pick<Case, 'stream' | 'bytes'>): Answer {
  return stream ? streamedAnswer(bytes) : wholeAnswer(bytes)
}

function wholeAnswer(bytes: number): Answer {
  const body = (content: string) =>
    JSON.stringify({
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage,
    })
  const text = body(prose(bytes - body('').length))
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n`
  return { pieces: [Buffer.from(head + text)] }
}

/** Server-sent events, each in an HTTP chunk of its own, as providers send them. */
function streamedAnswer(bytes: number): Answer {
  const event = (fields: object) =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...fields })}\n\n`
  const delta = (content: string) =>
    event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })
  const events: string[] = []
  const frame = delta('').length
  for (let sent = 0; sent < bytes; sent += Math.max(frame, eventBytes)) {
    events.push(delta('word '.repeat(Math.max(1, Math.floor((eventBytes - frame) / 5)))))
  }
  events.push(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
  events.push(event({ choices: [], usage }), 'data: [DONE]\n\n')
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
  const chunks = events.map((text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)
  return { pieces: [head, ...chunks, '0\r\n\r\n'].map((piece) => Buffer.from(piece)) }
}
