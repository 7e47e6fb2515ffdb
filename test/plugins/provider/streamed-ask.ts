import { type AskOptions, prepareAsk } from './ask.ts'
import { event, httpChunk, startRawUpstream, streamHead } from './raw-upstream.ts'

export const chat = { model: 'small', stream: true, messages: [] }
export const delta = (content: string) => event({ choices: [{ delta: { content } }], usage: null })
export const usage = { prompt_tokens: 10, completion_tokens: 5 }
export const usageEvent = event({ choices: [], usage })
export const done = event('[DONE]')

/** Each piece is one chunk on the wire, as far as the kernel keeps them apart. */
export async function askFor(pieces: readonly (string | Buffer)[], options: Partial<AskOptions> = {}) {
  const upstream = await startRawUpstream((socket) => {
    socket.setNoDelay(true)
    socket.write(streamHead)
    const write = (index: number): void => {
      const piece = pieces[index]
      socket.write(httpChunk(piece ?? ''))
      if (piece !== undefined) setImmediate(write, index + 1)
    }
    write(0)
  })
  return { upstream, ...prepareAsk({ baseUrl: upstream.baseUrl, body: chat, ...options }) }
}
