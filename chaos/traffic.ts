import { setTimeout as delay } from 'node:timers/promises'
import type { Plane } from '../test/acceptance/plane.ts'
import { Random } from './random.ts'

/** How a caller takes its answer: whole, as a stream, or as a stream that it leaves after the first piece. */
type Manner = 'whole' | 'streamed' | 'left'

export interface TrafficOptions {
  /** What the ids of its calls begin with; `chaos` unless said. */
  readonly name?: string
  readonly seed: number
  readonly seconds: number
  readonly dataPlanes: readonly Plane[]
  readonly virtualKey: string
  /** What is asked for, with the weight of each. */
  readonly models: readonly (readonly [string, number])[]
  /** The shortest and the longest between two calls of a caller. */
  readonly pauseMs?: readonly [number, number]
}

export interface TrafficCount {
  readonly made: number
  /** Answered with 200, as far as the caller stayed. */
  readonly served: number
}

/** Calls that are made at the same time, for each data plane. */
const callers = 8
const callLimitMs = 20_000
/** Of each answer. */
export const maxTokens = 64
const manners = [
  ['whole', 5],
  ['streamed', 3],
  ['left', 2],
] as const

/**
 * Calls all data planes without pause for that long. Each call has an id of its own, which the provider is told as the
 * body's `user` and the gateway as `x-request-id`. What fails is not tried again.
 */
export async function makeTraffic(options: TrafficOptions): Promise<TrafficCount> {
  const { name = 'chaos', seed, seconds, dataPlanes, virtualKey, models, pauseMs = [5, 40] } = options
  const endsAt = performance.now() + seconds * 1_000
  const random = new Random(seed)
  let made = 0
  let served = 0
  const callUntilTheEnd = async (plane: Plane) => {
    while (performance.now() < endsAt) {
      const id = `${name}-${seed}-${++made}`
      const ask = { id, virtualKey, model: random.pick(models), manner: random.pick(manners) }
      if ((await call(plane, ask)) === 200) served++
      await delay(random.between(...pauseMs))
    }
  }
  await Promise.all(
    dataPlanes.flatMap((plane) => Array.from({ length: callers }, () => callUntilTheEnd(plane))),
  )
  return { made, served }
}

export interface Ask {
  readonly id: string
  readonly virtualKey: string
  readonly model: string
  readonly manner: Manner
}

/** The status of its answer; undefined when the data plane is down, or died with the call. */
export async function call(
  plane: Plane,
  { id, virtualKey, model, manner }: Ask,
): Promise<number | undefined> {
  const left = new AbortController()
  try {
    const response = await fetch(`${plane.address('url')}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${virtualKey}`,
        'x-request-id': id,
      },
      body: JSON.stringify({
        model,
        user: id,
        max_tokens: maxTokens,
        stream: manner !== 'whole',
        messages: [{ role: 'user', content: `Say something about ${id}.` }],
      }),
      signal: AbortSignal.any([left.signal, AbortSignal.timeout(callLimitMs)]),
    })
    if (manner === 'left') {
      await response.body?.getReader().read()
      left.abort()
    } else await response.arrayBuffer()
    return response.status
  } catch {
    return undefined
  }
}
