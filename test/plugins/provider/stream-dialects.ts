import { event } from './raw-upstream.ts'
import { done } from './streamed-ask.ts'

/** A stream of a text in these pieces, by a provider that has written so many tokens. */
type Dialect = (pieces: readonly string[], tokens: number) => string

const keepAlive = ': keep-alive\n\n'
const choice = (delta: object, usage?: object) =>
  event({
    id: 'chatcmpl-1',
    model: 'small',
    choices: [{ index: 0, delta, finish_reason: null }],
    ...(usage && { usage }),
  })
const counted = (tokens: number) => ({ prompt_tokens: 0, completion_tokens: tokens })
const role = choice({ role: 'assistant', content: '' })
const finish = event({ choices: [{ index: 0, delta: {}, finish_reason: 'length' }] })

/** @param at places to cut at; those behind the end do not count */
export function cutText(text: string, at: readonly number[]): readonly string[] {
  const places = [...new Set(at.filter((place) => place < text.length))].sort((a, b) => a - b)
  return [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length))
}

/** How providers stream, with everything that is no output beside it. */
export const dialects = {
  chat: (pieces) =>
    [
      ...[keepAlive, role],
      ...pieces.map((content) => choice({ content }) + choice({}) + keepAlive),
      ...[finish, done],
    ].join(''),

  'chat that tells its usage with every chunk': (pieces, tokens) =>
    [
      role,
      ...pieces.map((content, index) =>
        choice({ content }, counted(Math.floor((tokens * (index + 1)) / pieces.length))),
      ),
      ...[finish, event({ choices: [], usage: counted(tokens) }), done],
    ].join(''),

  'chat that repeats the answer so far in each event': (pieces) =>
    [
      ...pieces.map((content, index) =>
        event({
          choices: [
            { index: 0, delta: { content }, message: { content: pieces.slice(0, index + 1).join('') } },
          ],
        }),
      ),
      ...[finish, done],
    ].join(''),

  'thoughts under two names': (pieces) =>
    [
      role,
      ...pieces.map((text) => choice({ content: null, reasoning: text, reasoning_content: text })),
      ...[finish, done],
    ].join(''),

  'arguments of a tool': (pieces) =>
    [
      choice({ tool_calls: [{ index: 0, id: 'call_1', function: { name: 'look_up', arguments: '' } }] }),
      ...pieces.map((text) => choice({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
      ...[finish, done],
    ].join(''),

  'two answers by turns': (pieces) =>
    [
      ...pieces.map((content, index) => event({ choices: [{ index: index % 2, delta: { content } }] })),
      done,
    ].join(''),

  completions: (pieces) => [...pieces.map((text) => event({ choices: [{ index: 0, text }] })), done].join(''),

  responses: (pieces) => {
    const text = pieces.join('')
    const named = (type: string, fields: object) => `event: ${type}\n${event({ type, ...fields })}`
    const settings = {
      id: 'resp_1',
      model: 'small',
      instructions: 'Be brief, and say all that you know. '.repeat(20),
    }
    const part = { type: 'output_text', text }
    return [
      named('response.created', { response: settings }),
      named('response.in_progress', { response: settings }),
      named('response.output_item.added', { output_index: 0, item: { type: 'message', content: [] } }),
      named('response.content_part.added', { output_index: 0, part: { type: 'output_text', text: '' } }),
      ...pieces.map((delta) =>
        named('response.output_text.delta', { output_index: 0, content_index: 0, delta }),
      ),
      named('response.output_text.done', { output_index: 0, text }),
      named('response.content_part.done', { output_index: 0, part }),
      named('response.output_item.done', { output_index: 0, item: { content: [part] } }),
      named('response.completed', { response: { ...settings, output: [{ content: [part] }] } }),
    ].join('')
  },
} satisfies Record<string, Dialect>
