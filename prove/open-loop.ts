import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Calls with one key at a steady rate, whatever becomes of those before them. */
export interface Stream {
  readonly secret: string
  readonly perSecond: number
}

/** What became of the calls of one stream. */
export interface Tally {
  offered: number
  served: number
  /** Refused with 503. */
  refused: number
  /** Anything else. */
  broken: number
  /** Of those that were served, until the last byte. */
  readonly tookMs: number[]
}

export interface OpenLoopOptions {
  /** Where the gateway listens. */
  readonly origin: string
  readonly model: string
  readonly seconds: number
  /** At the start of which nothing is counted. */
  readonly settleSeconds: number
}

const tickMs = 5
const lateLimitMs = 20_000
const ending = Buffer.from('0\r\n\r\n')

/** Offers all streams together; calls are counted by the time at which they were offered. */
export async function offer(streams: readonly Stream[], options: OpenLoopOptions): Promise<Tally[]> {
  const { origin, model, seconds, settleSeconds } = options
  const { hostname, port } = new URL(origin)
  const pool = new Connections(hostname, Number(port))
  const lanes = streams.map(({ secret, perSecond }) => ({
    request: requestOf(hostname, secret, model),
    perSecond,
    begun: 0,
    tally: { offered: 0, served: 0, refused: 0, broken: 0, tookMs: [] } as Tally,
  }))
  const startedAt = performance.now()
  const pending = new Set<Promise<void>>()
  for (let nowMs = 0; nowMs < seconds * 1_000; nowMs = performance.now() - startedAt) {
    const isCounted = nowMs >= settleSeconds * 1_000
    for (const lane of lanes) {
      const due = (nowMs / 1_000) * lane.perSecond
      for (; lane.begun < due; lane.begun += 1) {
        const call = pool.call(lane.request).then((outcome) => {
          if (isCounted) count(lane.tally, outcome)
          pending.delete(call)
        })
        pending.add(call)
      }
    }
    await delay(tickMs)
  }
  await Promise.race([Promise.all(pending), delay(lateLimitMs)])
  pool.close()
  await Promise.all(pending)
  return lanes.map(({ tally }) => tally)
}

interface CallOutcome {
  readonly status: number
  readonly tookMs: number
}

function count(tally: Tally, { status, tookMs }: CallOutcome): void {
  tally.offered += 1
  if (status === 200) {
    tally.served += 1
    tally.tookMs.push(tookMs)
  } else if (status === 503) tally.refused += 1
  else tally.broken += 1
}

function requestOf(host: string, secret: string, model: string): Buffer {
  const body = JSON.stringify({
    ...{ model, stream: true, max_tokens: 100 },
    messages: [{ role: 'user', content: 'Tell me a story' }],
  })
  return Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${secret}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
}

/** Plain sockets: the generator must cost less than what it measures. */
class Connections {
  readonly #host: string
  readonly #port: number
  readonly #idle: Socket[] = []
  readonly #all = new Set<Socket>()

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
  }

  call(request: Buffer): Promise<CallOutcome> {
    const startedAt = performance.now()
    const socket = this.#idle.pop() ?? this.#open()
    return new Promise((resolve) => {
      let status = 0
      const finish = (isWhole: boolean) => {
        socket.off('data', read).off('close', leave)
        if (isWhole) this.#idle.push(socket)
        resolve({ status: isWhole ? status : 0, tookMs: performance.now() - startedAt })
      }
      const read = (chunk: Buffer) => {
        if (status === 0) status = Number(chunk.toString('latin1', 9, 12))
        // A refusal comes in one piece; a stream ends with its last chunk.
        if (status !== 200 || chunk.subarray(-ending.length).equals(ending)) finish(true)
      }
      const leave = () => finish(false)
      socket.on('data', read).on('close', leave)
      socket.write(request)
    })
  }

  close(): void {
    for (const socket of this.#all) socket.destroy()
  }

  #open(): Socket {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true })
    this.#all.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#all.delete(socket))
    return socket
  }
}
