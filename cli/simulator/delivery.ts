import type { ServerResponse } from 'node:http'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { Answer, AnswerEvent } from './answer.ts'
import type { Behaviour } from './behaviour.ts'

/** What became of an answer. */
export interface Outcome {
  readonly outputTokens: number
  readonly aborted: boolean
}

interface Delivery {
  readonly response: ServerResponse
  readonly answer: Answer
  readonly behaviour: Behaviour
  /** Writes the call down. Awaited before the caller can know that the answer is complete. */
  readonly record: (outcome: Outcome) => Promise<void>
}

/** Sends the answer the way the behaviour says, and records it exactly once. */
export async function deliver(delivery: Delivery): Promise<void> {
  const { response, answer, behaviour } = delivery
  const gone = new AbortController()
  const leave = () => gone.abort()
  response.once('close', leave)
  try {
    if (behaviour.delayMs !== undefined) await waitUnlessGone(behaviour.delayMs, gone.signal)
    if (answer.events === undefined) await deliverWhole(delivery, gone.signal)
    else await deliverStream(delivery, answer.events, gone.signal)
  } finally {
    response.off('close', leave)
  }
}

async function deliverWhole(
  { response, answer, behaviour, record }: Delivery,
  gone: AbortSignal,
): Promise<void> {
  // Whole answers are written before their first byte is sent, so they are billed even to a caller who left.
  const { outputTokens } = answer.consumption
  if (behaviour.stall) await untilGone(gone)
  const aborted = gone.aborted || behaviour.cut === true
  await record({ outputTokens, aborted })
  if (aborted) {
    response.destroy()
    return
  }
  const text = behaviour.invalidJson
    ? '<html>not the answer you expected</html>'
    : JSON.stringify(answer.body)
  response.setHeader('content-type', 'application/json')
  response.setHeader('content-length', Buffer.byteLength(text))
  response.end(text)
}

async function deliverStream(
  { response, answer, behaviour, record }: Delivery,
  events: readonly AnswerEvent[],
  gone: AbortSignal,
): Promise<void> {
  response.setHeader('content-type', 'text/event-stream; charset=utf-8')
  response.setHeader('cache-control', 'no-cache')
  const total = answer.consumption.outputTokens
  const half = Math.floor(events.length / 2)
  let outputTokens = 0
  let recorded = false
  for (const [index, event] of events.entries()) {
    if (behaviour.paceMs !== undefined && index > 0) await waitUnlessGone(behaviour.paceMs, gone)
    if (behaviour.stall && index === half) await untilGone(gone)
    if (gone.aborted || (behaviour.cut && index === half)) break
    outputTokens = event.outputTokens
    if (outputTokens === total && !recorded) {
      recorded = true
      await record({ outputTokens, aborted: false })
    }
    await write(response, frame(event, behaviour), gone)
  }
  if (!recorded) await record({ outputTokens, aborted: true })
  if (gone.aborted || behaviour.cut) response.destroy()
  else response.end()
}

function frame({ event, data }: AnswerEvent, { invalidJson }: Behaviour): string {
  const text = data === '[DONE]' ? data : invalidJson ? '{"choices":[' : JSON.stringify(data)
  return event === undefined ? `data: ${text}\n\n` : `event: ${event}\ndata: ${text}\n\n`
}

async function write(response: ServerResponse, text: string, gone: AbortSignal): Promise<void> {
  if (response.write(text)) {
    // One write a turn, so that the chunks leave one by one.
    await nextTurn()
    return
  }
  await new Promise<void>((resolve) => {
    response.once('drain', resolve)
    gone.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function waitUnlessGone(ms: number, gone: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: gone }).catch((error: unknown) => {
    if (!gone.aborted) throw error
  })
}

function untilGone(gone: AbortSignal): Promise<void> {
  if (gone.aborted) return Promise.resolve()
  return new Promise((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }))
}
