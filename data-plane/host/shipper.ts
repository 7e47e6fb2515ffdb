import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { maxUnconfirmedBatches, sealBatch } from '../../contract/event-batch.ts'
import type { KeyLookup, SigningKey } from '../../contract/signed.ts'
import type { EventProducer } from '../../transport/event-stream.ts'
import { within } from '../deadline.ts'
import { ConfirmationReader } from './confirmation-reader.ts'
import type { HostLog } from './host-log.ts'
import type { DurableJournal } from './journal.ts'
import { isSamePosition, type Position } from './journal-record.ts'
import { readEvents } from './read-events.ts'
import type { EventRun } from './recent-events.ts'
import { type SentBatch, UnconfirmedBatches } from './unconfirmed.ts'

export interface ShipperOptions {
  readonly journal: DurableJournal
  readonly events: EventProducer
  readonly organizationId: string
  readonly dataPlaneId: string
  readonly signingKey: SigningKey
  /** Finds the control plane's pinned key. */
  readonly controlPlaneKeys: KeyLookup
  readonly log: HostLog
  /** So many more events, in the order of the journal, are in the stream. */
  readonly onStored?: (events: number) => void
}

/** So much of the journal makes a batch worth its signature. */
const fullBatchBytes = 256 * 1024
/** A batch leaves when it is full or has waited so long. */
const lingerMs = 200
const pollMs = 25
const confirmationPollMs = 100
/** What a stopping process waits for confirmations once everything is sent. */
const lastConfirmationMs = 1_000
const storeLimitMs = 5_000
const firstRetryMs = 200
const longestRetryMs = 5_000

/** A piece of the journal on its way; without events nothing of it is sent. */
interface SealedRun {
  readonly run: EventRun
  readonly sequence: number
  readonly sealed: Buffer | undefined
}

/**
 * Moves events from the journal to the control plane, in order, by a stream that may lose what it has: only what the
 * control plane has confirmed is given up.
 */
export class Shipper {
  readonly #options: ShipperOptions
  #incarnation = newIncarnation()
  readonly #unconfirmed = new UnconfirmedBatches(maxUnconfirmedBatches)
  readonly #confirmations: ConfirmationReader
  readonly #stopped = new AbortController()
  #sequence = 0
  /** What goes out next. */
  #next: SealedRun | undefined
  #retryMs = firstRetryMs
  /** Everything in the journal before this position has been sent. */
  #sentUpTo: Position
  #confirmationReadAt = Number.NEGATIVE_INFINITY
  #isStoreAway = false
  #isClosing = false
  #isBeginningAnew = false
  #loop: Promise<void> | undefined

  constructor(options: ShipperOptions) {
    this.#options = options
    this.#confirmations = new ConfirmationReader(options)
    this.#sentUpTo = options.journal.shipped
  }

  start(): void {
    this.#loop = this.#run()
  }

  /**
   * The control plane's database was restored from a backup: it waits for batches that it had confirmed and has
   * forgotten, which nobody has any more. What it has not confirmed is sent again, numbered from 1.
   */
  beginAnew(): void {
    this.#isBeginningAnew = true
  }

  /** Ships what is recorded until now, for at most `limitMs`, and stops. What is left is shipped by the next start. */
  async close(limitMs: number): Promise<void> {
    const { journal, log } = this.#options
    this.#isClosing = true
    const deadline = performance.now() + limitMs
    const hasUnsent = () => journal.backlog > this.#unconfirmed.events
    while (hasUnsent() && performance.now() < deadline) await pause(10)
    const lastConfirmation = Math.min(deadline, performance.now() + lastConfirmationMs)
    while (journal.backlog > 0 && performance.now() < lastConfirmation) await pause(10)
    if (journal.backlog > 0)
      log.warn({ backlog: journal.backlog }, 'events stay in the journal until the next start')
    this.#stopped.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        if (this.#isBeginningAnew) this.#reset()
        await this.#linger()
        if (!this.#unconfirmed.isFull) this.#next ??= await this.#sealNext()
        if (this.#next) await this.#ship(this.#next)
        // A turn of the event loop, without which nothing new could ever be written.
        else await pause(pollMs, signal)
        await this.#followUp()
      } catch (error) {
        this.#options.log.error({ err: error }, 'the journal could not be shipped')
        await pause(longestRetryMs, signal)
      }
    }
  }

  #reset(): void {
    this.#isBeginningAnew = false
    this.#incarnation = newIncarnation()
    this.#sequence = 0
    this.#unconfirmed.forget()
    this.#sentUpTo = this.#options.journal.shipped
  }

  /** Waits until there is a batch worth its signature, or something to hear of the ones that are sent. */
  async #linger(): Promise<void> {
    const { journal } = this.#options
    const waitMs = this.#unconfirmed.isEmpty ? lingerMs : confirmationPollMs
    const until = performance.now() + waitMs
    while (journal.recent.bytes < fullBatchBytes && performance.now() < until) {
      // What only the files hold has waited long enough.
      if (this.#isClosing || !isSamePosition(this.#sentUpTo, journal.recent.start)) return
      await pause(pollMs, this.#stopped.signal)
    }
  }

  /** What was sealed goes out under its number or not at all: an append that failed may have been stored. */
  async #ship(next: SealedRun): Promise<void> {
    const { sequence, sealed, run } = next
    if (sealed) {
      const entryId = await this.#store(sealed)
      if (entryId === undefined) return
      this.#options.onStored?.(run.count)
      this.#unconfirmed.add({ sequence, sealed, count: run.count, end: run.end, entryId }, performance.now())
    }
    this.#next = undefined
    this.#sentUpTo = run.end
    this.#options.journal.recent.removeUpTo(run.end)
  }

  #sealed(events: Buffer, sequence: number): Buffer {
    const { organizationId, dataPlaneId, signingKey } = this.#options
    const incarnation = this.#incarnation
    return sealBatch({ format: 1, organizationId, dataPlaneId, incarnation, sequence }, events, signingKey)
  }

  /** Undefined when the stream does not take it; the next attempt waits ever longer, and confirmations are heard meanwhile. */
  async #store(sealed: Buffer): Promise<string | undefined> {
    const { events, journal, log } = this.#options
    try {
      const entryId = await within(storeLimitMs, 'the event stream', events.append(sealed))
      this.#retryMs = firstRetryMs
      return entryId
    } catch (error) {
      const { signal } = this.#stopped
      if (signal.aborted) return undefined
      if (this.#retryMs === longestRetryMs) {
        const reason = error instanceof Error ? error.message : String(error)
        log.warn({ reason, backlog: journal.backlog }, 'events cannot be shipped yet')
      }
      await pause(this.#retryMs, signal)
      this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs)
      return undefined
    }
  }

  /** Hears what is confirmed, and sends again what the stream has lost. */
  async #followUp(): Promise<void> {
    const now = performance.now()
    if (this.#unconfirmed.isEmpty || now - this.#confirmationReadAt < confirmationPollMs) return
    this.#confirmationReadAt = now
    const heard = await this.#hear(this.#unconfirmed.due(now))
    if (!heard) return
    if (heard.confirmation !== null) this.#confirmUpTo(heard.confirmation)
    for (const batch of heard.gone) {
      // While the stream takes none, what is confirmed meanwhile is worth more than another attempt.
      if (this.#unconfirmed.has(batch) && !(await this.#sendAgain(batch))) return
    }
  }

  /** What the store says now; undefined while it does not answer. */
  async #hear(
    due: readonly SentBatch[],
  ): Promise<{ readonly gone: readonly SentBatch[]; readonly confirmation: string | null } | undefined> {
    try {
      // In this order: what left the stream is confirmed by then, unless it was refused or lost.
      const gone = await this.#goneFromStream(due)
      const confirmation = await within(
        storeLimitMs,
        'the confirmation of events',
        this.#options.events.confirmation(),
      )
      this.#isStoreAway = false
      return { gone, confirmation }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!this.#isStoreAway) {
        this.#options.log.warn({ reason }, 'cannot hear which events are confirmed: they stay in the journal')
      }
      this.#isStoreAway = true
      return undefined
    }
  }

  async #goneFromStream(due: readonly SentBatch[]): Promise<readonly SentBatch[]> {
    const gone: SentBatch[] = []
    for (const batch of due) {
      const isHeld = this.#options.events.holds(batch.entryId)
      if (await within(storeLimitMs, 'the event stream', isHeld)) {
        this.#unconfirmed.postpone(batch, performance.now())
      } else gone.push(batch)
    }
    return gone
  }

  #confirmUpTo(text: string): void {
    const sequence = this.#confirmations.read(text, this.#incarnation)
    if (sequence === undefined) return
    const confirmed = this.#unconfirmed.confirm(sequence)
    const last = confirmed.at(-1)
    if (!last) return
    const events = confirmed.reduce((sum, { count }) => sum + count, 0)
    this.#options.journal.markShipped(last.end, events)
  }

  /** Whether the stream has it again. */
  async #sendAgain(batch: SentBatch): Promise<boolean> {
    const { sequence, timesSent } = batch
    this.#options.log.warn({ sequence, timesSent }, 'the event stream lost a batch')
    const entryId = await this.#store(batch.sealed)
    if (entryId !== undefined) {
      batch.entryId = entryId
      batch.timesSent++
    }
    this.#unconfirmed.postpone(batch, performance.now())
    return entryId !== undefined
  }

  async #sealNext(): Promise<SealedRun | undefined> {
    const run = await this.#nextRun()
    if (!run) return undefined
    if (run.count === 0) return { run, sequence: this.#sequence, sealed: undefined }
    await this.#options.journal.filesSecured()
    const sequence = ++this.#sequence
    return { run, sequence, sealed: this.#sealed(run.json, sequence) }
  }

  /** The next events; undefined when all that is written is sent. */
  async #nextRun(): Promise<EventRun | undefined> {
    const { journal } = this.#options
    const from = this.#sentUpTo
    const { start } = journal.recent
    if (isSamePosition(from, start)) return journal.recent.first()
    const end = from.segment === start.segment ? start.offset : Number.POSITIVE_INFINITY
    const run = await readEvents(journal.directory, from, end)
    if (run.damaged.length > 0) journal.reportDamage(run.damaged, run.damaged.length)
    return run
  }
}

/** Begins with the time: a later one sorts behind it. */
function newIncarnation(): string {
  return `${Date.now().toString(36).padStart(9, '0')}-${randomUUID()}`
}

async function pause(durationMs: number, signal?: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, signal && { signal }).catch(() => undefined)
}
