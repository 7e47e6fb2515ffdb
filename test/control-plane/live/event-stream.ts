import type { Browser } from '../../environment/browser.ts'

/** What a server sent as one event: a GraphQL result. */
export interface StreamedResult {
  readonly data?: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[]
}

/** A subscription over SSE as a caller sees it. */
export interface Subscriber {
  /** The next result; undefined when the stream has ended. */
  next(): Promise<StreamedResult | undefined>
  /** Reads no further than this until the next call: what else is sent stays in the sockets' buffers. */
  close(): Promise<void>
  /** How many comments were sent to keep the connection alive, as far as it was read. */
  readonly heartbeats: number
}

/** Subscribes and resolves once the server has accepted. */
export async function subscribe(
  url: string,
  token: string | undefined,
  query: string,
  variables: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Subscriber> {
  const abort = new AbortController()
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
    signal: abort.signal,
  })
  return readStream(response, abort)
}

/** Subscribes as whoever is signed in with a browser. */
export async function subscribeAs(browser: Browser, url: string, query: string): Promise<Subscriber> {
  const abort = new AbortController()
  const response = await browser.request(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
    signal: abort.signal,
  })
  return readStream(response, abort)
}

function readStream(response: Response, abort: AbortController): Subscriber {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) throw new Error('the answer has no body')
  let text = ''
  let heartbeats = 0
  return {
    get heartbeats() {
      return heartbeats
    },
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end >= 0) {
          const block = text.slice(0, end)
          text = text.slice(end + 2)
          if (block.startsWith(':')) heartbeats++
          if (block.includes('event: complete')) return undefined
          const data = /^data: (.+)$/m.exec(block)?.[1]
          if (data !== undefined) return JSON.parse(data) as StreamedResult
          continue
        }
        const { done, value } = await reader.read()
        if (done) return undefined
        text += value
      }
    },
    async close() {
      abort.abort()
      await reader.cancel().catch(() => undefined)
    },
  }
}
