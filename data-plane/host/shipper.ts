import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { sealBatch } from '../../contract/event-batch.ts'
import type { SigningKey } from '../../contract/signed.ts'
import type { EventProducer } from '../../transport/event-stream.ts'
import { within } from '../deadline.ts'
import type { HostLog } from './host-log.ts'
import type { DurableJournal } from './journal.ts'
import { eventOf, type Position } from './journal-record.ts'
import type { EventRun } from './recent-events.ts'
import { segmentPath } from './segment-file.ts'

export interface ShipperOptions {
  readonly journal: DurableJournal
  readonly events: EventProducer
  readonly organizationId: string
  readonly dataPlaneId: string
  readonly signingKey: SigningKey
  readonly log: HostLog
}

/** So much of the journal makes a batch worth its signature. */
const fullBatchBytes = 256 * 1024
/** A batch leaves when it is full or has waited so long. */
const lingerMs = 200
const pollMs = 25
const appendLimitMs = 5_000
const firstRetryMs = 200
const longestRetryMs = 5_000
const comma = Buffer.from(',')

/**
 * Moves events from the journal to the control plane's stream, in order. A batch is repeated word for word until the
 * stream has stored it; only then is its part of the journal given up.
 */
export class Shipper {
  readonly #options: ShipperOptions
  /** Begins with the time: a later process's sorts behind it. */
  readonly #incarnation = `${Date.now().toString(36).padStart(9, '0')}-${randomUUID()}`
  readonly #stopped = new AbortController()
  #sequence = 0
  #isClosing = false
  #loop: Promise<void> | undefined

  constructor(options: ShipperOptions) {
    this.#options = options
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Ships what is recorded until now, for at most `limitMs`, and stops. What is left is shipped by the next start. */
  async close(limitMs: number): Promise<void> {
    const { journal, log } = this.#options
    this.#isClosing = true
    const deadline = Date.now() + limitMs
    while (journal.backlog > 0 && Date.now() < deadline) await pause(10)
    if (journal.backlog > 0)
      log.warn({ backlog: journal.backlog }, 'events stay in the journal until the next start')
    this.#stopped.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        await this.#linger()
        const batch = await this.#nextBatch()
        if (batch) await this.#ship(batch)
        // A turn of the event loop, without which nothing new could ever be written.
        else await pause(pollMs, signal)
      } catch (error) {
        this.#options.log.error({ err: error }, 'the journal could not be shipped')
        await pause(longestRetryMs, signal)
      }
    }
  }

  /** Waits until there is a batch worth its signature. */
  async #linger(): Promise<void> {
    const { journal } = this.#options
    const until = performance.now() + lingerMs
    while (journal.recent.bytes < fullBatchBytes && performance.now() < until) {
      // What only the files hold has waited long enough.
      if (this.#isClosing || !isSame(journal.shipped, journal.recent.start)) return
      await pause(pollMs, this.#stopped.signal)
    }
  }

  async #ship(batch: EventRun): Promise<void> {
    const { journal, events, log } = this.#options
    const { signal } = this.#stopped
    const sealed = batch.count > 0 ? this.#sealed(batch.json) : undefined
    for (let retryMs = firstRetryMs; sealed !== undefined; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      try {
        await within(appendLimitMs, 'the event stream', events.append(sealed))
        break
      } catch (error) {
        if (signal.aborted) return
        if (retryMs === longestRetryMs) {
          const reason = error instanceof Error ? error.message : String(error)
          log.warn({ reason, backlog: journal.backlog }, 'events cannot be shipped yet')
        }
        await pause(retryMs, signal)
        if (signal.aborted) return
      }
    }
    journal.markShipped(batch.end, batch.count)
  }

  #sealed(events: Buffer): Buffer {
    const { organizationId, dataPlaneId, signingKey } = this.#options
    return sealBatch(
      { format: 1, organizationId, dataPlaneId, incarnation: this.#incarnation, sequence: ++this.#sequence },
      events,
      signingKey,
    )
  }

  /** The next events; undefined when all that is written is shipped. */
  async #nextBatch(): Promise<EventRun | undefined> {
    const { journal } = this.#options
    const from = journal.shipped
    const { start } = journal.recent
    if (isSame(from, start)) return journal.recent.first()
    const isLastSegment = from.segment === start.segment
    const text = await readFrom(
      journal.directory,
      from,
      isLastSegment ? start.offset : Number.POSITIVE_INFINITY,
    )
    if (text.length === 0) return { json: text, count: 0, end: { segment: from.segment + 1, offset: 0 } }
    return eventsIn(text, from)
  }
}

/** The events among the whole lines of a text that begins at a position. */
function eventsIn(text: Buffer, { segment, offset }: Position): EventRun {
  const pieces: Buffer[] = []
  let at = 0
  for (let end = text.indexOf(0x0a); end >= 0; end = text.indexOf(0x0a, at)) {
    const event = eventOf(text.subarray(at, end))
    if (event) pieces.push(comma, event)
    at = end + 1
  }
  const json = Buffer.concat(pieces.slice(1))
  return { json, count: pieces.length / 2, end: { segment, offset: offset + at } }
}

function isSame(a: Position, b: Position): boolean {
  return a.segment === b.segment && a.offset === b.offset
}

async function readFrom(directory: string, { segment, offset }: Position, end: number): Promise<Buffer> {
  const file = await open(segmentPath(directory, segment), 'r')
  try {
    const wanted = Math.min(end - offset, fullBatchBytes)
    if (wanted <= 0) return Buffer.alloc(0)
    const buffer = Buffer.alloc(wanted)
    const { bytesRead } = await file.read(buffer, 0, wanted, offset)
    const chunk = buffer.subarray(0, bytesRead)
    if (chunk.length < fullBatchBytes || chunk.includes(0x0a)) return chunk
    // One line longer than a batch, such as a checkpoint with many open calls.
    const { size } = await file.stat()
    const rest = Buffer.alloc(Math.min(end, size) - offset)
    await file.read(rest, 0, rest.length, offset)
    return rest
  } finally {
    await file.close()
  }
}

function pause(durationMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(done, durationMs)
    function done() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    signal?.addEventListener('abort', done)
  })
}
