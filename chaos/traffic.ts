import { setTimeout as delay } from 'node:timers/promises'
import type { Plane } from '../test/acceptance/plane.ts'
import { Random } from './random.ts'

/** How a caller takes its answer: whole, as a stream, or as a stream that it leaves after the first piece. */
type Manner = 'whole' | 'streamed' | 'left'

export interface TrafficOptions {
  readonly seed: number
  readonly seconds: number
  readonly dataPlanes: readonly Plane[]
  readonly virtualKey: string
  /** Calls that are made at the same time, for each data plane. */
  readonly callers: number
}

export interface TrafficCount {
  readonly made: number
  /** Answered with 200, as far as the caller stayed. */
  readonly served: number
}

const callLimitMs = 20_000
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
  const { seed, seconds, dataPlanes, callers } = options
  const endsAt = performance.now() + seconds * 1_000
  const random = new Random(seed)
  let made = 0
  let served = 0
  const callUntilTheEnd = async (plane: Plane) => {
    while (performance.now() < endsAt) {
      const id = `chaos-${seed}-${++made}`
      if (await call(plane, options.virtualKey, id, random.pick(manners))) served++
      await delay(random.between(5, 40))
    }
  }
  await Promise.all(
    dataPlanes.flatMap((plane) => Array.from({ length: callers }, () => callUntilTheEnd(plane))),
  )
  return { made, served }
}

/** Whether it was answered with 200. */
async function call(plane: Plane, virtualKey: string, id: string, manner: Manner): Promise<boolean> {
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
        model: 'demo-chat',
        user: id,
        max_tokens: 64,
        stream: manner !== 'whole',
        messages: [{ role: 'user', content: `Say something about ${id}.` }],
      }),
      signal: AbortSignal.any([left.signal, AbortSignal.timeout(callLimitMs)]),
    })
    if (manner === 'left') {
      await response.body?.getReader().read()
      left.abort()
    } else await response.arrayBuffer()
    return response.status === 200
  } catch {
    // The data plane is down, or died with the call.
    return false
  }
}
