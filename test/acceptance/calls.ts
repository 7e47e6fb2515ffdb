import type { Plane } from './plane.ts'

export interface Answer {
  readonly status: number
  /** `error.type` of a refusal. */
  readonly type: string | undefined
  /** `error.message` of a refusal. */
  readonly message: string | undefined
  readonly retryAfter: string | null
}

/** One chat call to a data plane with a virtual key. */
export async function chat(dataPlane: Plane, key: string, text = 'Hello'): Promise<Answer> {
  const response = await fetch(`${dataPlane.address('url')}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'demo-chat', messages: [{ role: 'user', content: text }], max_tokens: 32 }),
    signal: AbortSignal.timeout(20_000),
  })
  const { error } = (await response.json()) as { error?: { type: string; message: string } }
  return {
    status: response.status,
    type: error?.type,
    message: error?.message,
    retryAfter: response.headers.get('retry-after'),
  }
}

export interface NodeStatus {
  readonly revision: number | null
  readonly applyStatus: string
  readonly lastError: string | null
}

/** What a data plane's status API tells about itself. */
export async function nodeStatus(
  dataPlane: Plane,
): Promise<{ node: NodeStatus; counters: { eventBacklog: number } }> {
  const response = await fetch(`${dataPlane.address('statusUrl')}/status/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: '{ node { revision applyStatus lastError } counters { eventBacklog } }',
    }),
    signal: AbortSignal.timeout(20_000),
  })
  const { data } = (await response.json()) as {
    data: { node: NodeStatus; counters: { eventBacklog: number } }
  }
  return data
}
