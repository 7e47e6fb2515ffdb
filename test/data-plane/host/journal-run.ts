import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, vi } from 'vitest'
import type { EventBatch } from '../../../contract/event-batch.ts'
import type { DataPlaneEvent } from '../../../contract/events.ts'
import { DurableJournal, type Held } from '../../../data-plane/host/journal.ts'
import { Shipper } from '../../../data-plane/host/shipper.ts'
import type { BuiltinCall } from '../../../plugins/sdk/builtin.ts'
import type { Outcome } from '../../../plugins/sdk/call.ts'
import { callOf } from '../recorded-call.ts'
import { JournalModel, type ModelEvent, type ModelLine } from './journal-model.ts'
import { controlPlaneKeys, type Delivery, dataPlaneKey, ScriptedStream } from './scripted-stream.ts'

export interface RunOptions {
  readonly segmentBytes: number
  readonly maxRecentBytes: number
}

/** One process of a data plane. */
interface Process {
  readonly directory: string
  readonly journal: DurableJournal
  readonly shipper: Shipper
  readonly stream: ScriptedStream
}

const ended: Outcome = { outcome: 'succeeded', status: 200, errorCode: null, refusedBy: null, durationMs: 1 }
const denied: Outcome = { ...ended, outcome: 'denied', status: 401, errorCode: 'virtual_key_required' }
/** Of the real clock, for a slow disk. */
const patienceNs = 60_000_000_000n

/** A journal with its shipper, over any number of crashes, next to the model that says what must come of it. */
export class JournalRun {
  readonly #options: RunOptions
  readonly #model = new JournalModel()
  readonly #failures: unknown[] = []
  readonly #log = { warn() {}, error: (fields: object) => this.#failures.push(fields) }
  #process: Process
  /** Lines that are known to be in the files. */
  #written = 0
  /** How many of the model's events this process may forget. */
  #shipped = 0
  /** How many of them it, or a process before it, has sent. */
  #sent = 0
  /** What was shipped when this process began. */
  #shippedBefore = 0
  /** Ids of the events that the control plane has taken in. */
  readonly #taken = new Set<string>()
  #ids = 0

  constructor(options: RunOptions) {
    this.#options = options
    this.#process = this.#start(mkdtempSync(join(tmpdir(), 'journal-run-')))
  }

  grant(nanoUsd: number): void {
    const leaseId = this.#nextId('lease')
    const lease = { leaseId, budgetId: 'bud_1', remainingNanoUsd: nanoUsd, windowEndsAt: null }
    this.#process.journal.granted(this.#nextId('request'), [lease])
    this.#model.add({ kind: 'grant', lease })
  }

  async intend(nanoUsd: number, pick: number): Promise<void> {
    const id = this.#nextId('call')
    const lease = pickOf(this.#model.leases, pick)
    const held = lease ? [{ leaseId: lease.leaseId, nanoUsd }] : []
    await this.#process.journal.intend(callWith(id, held))
    this.#model.add({ kind: 'intent', id, held })
    this.#written = this.#model.length
  }

  finish(pick: number, share: number): void {
    const open = pickOf([...this.#model.openCalls], pick)
    if (!open) return
    const [id, held] = open
    const charges = held.map(({ leaseId, nanoUsd }) => ({ leaseId, nanoUsd: Math.floor(nanoUsd * share) }))
    this.#process.journal.finish(callWith(id, held), ended, charges)
    this.#model.add({ kind: 'event', event: { id, outcome: 'succeeded', charges } })
  }

  refuse(): void {
    const id = this.#nextId('refused')
    this.#process.journal.finish(callWith(id, []), denied, [])
    this.#model.add({ kind: 'event', event: { id, outcome: 'denied', charges: [] } })
  }

  closeLease(pick: number): void {
    const lease = pickOf(this.#model.idleLeases, pick)
    if (!lease) return
    this.#process.journal.report({ type: 'lease.closed', leaseId: lease.leaseId })
    this.#model.add({ kind: 'event', event: { id: lease.leaseId, outcome: 'closed', charges: [] } })
  }

  flush(): void {
    expect(this.#process.journal.flush()).toBe(true)
    this.#written = this.#model.length
  }

  async turn(): Promise<void> {
    await nextTurn()
    await nextTurn()
    this.#written = this.#model.length
  }

  /** Lets the shipper hand over a batch, if it has one that it has not sent or that was lost. */
  async ship(delivery: Delivery): Promise<void> {
    const { stream } = this.#process
    if (this.#sent === this.#model.events.length) return
    const order = stream.deliverNext(delivery)
    await this.#pump(() => order.done)
    this.#written = this.#model.length
  }

  /** Everything that is recorded reaches the control plane and is confirmed. */
  async drain(): Promise<void> {
    const { journal, stream } = this.#process
    stream.startDraining()
    await this.#pump(() => journal.backlog === 0)
    stream.stopDraining()
    await this.turn()
    expect(this.#shippedBefore + stream.confirmedEvents).toBe(this.#model.events.length)
  }

  /** The process dies; the next one finds what the kernel was given. */
  async crash(): Promise<void> {
    this.check()
    const directory = mkdtempSync(join(tmpdir(), 'journal-run-'))
    cpSync(this.#process.directory, directory, { recursive: true })
    await this.dispose()
    this.#forgetUnwritten(directory)
    this.#restart(directory)
  }

  /** Ends in order, and once more after that; all that was ever recorded has to be with the control plane then. */
  async end(): Promise<void> {
    for (let times = 0; times < 2; times++) {
      await this.drain()
      await this.crash()
    }
    await this.drain()
    this.check()
    expect(this.#model.openCalls.size).toBe(0)
    expect([...this.#taken]).toEqual(expect.arrayContaining(this.#model.events.map(({ id }) => id)))
    expect(this.#failures).toEqual([])
  }

  async dispose(): Promise<void> {
    const { journal, shipper, stream, directory } = this.#process
    stream.die()
    let isClosed = false
    const closing = shipper
      .close(0)
      .then(() => journal.close())
      .finally(() => {
        isClosed = true
      })
    await this.#pump(() => isClosed)
    await closing
    rmSync(directory, { recursive: true })
  }

  /** What is counted is what the control plane has not confirmed, and nothing else is ever given up. */
  check(): void {
    const { journal, stream } = this.#process
    for (const event of stream.taken.flatMap(({ events }) => events)) this.#taken.add(summaryOf(event).id)
    const { events } = this.#model
    const shipped = events.length - journal.backlog
    expect(shipped).toBeGreaterThanOrEqual(this.#shipped)
    expect(shipped).toBeLessThanOrEqual(this.#shippedBefore + stream.confirmedEvents)
    expect(events.slice(0, shipped).filter(({ id }) => !this.#taken.has(id))).toEqual([])
    this.#shipped = shipped
  }

  #restart(directory: string): void {
    for (const [id, charges] of this.#model.openCalls) {
      this.#model.add({ kind: 'event', event: { id, outcome: 'unknown', charges } })
    }
    this.#process = this.#start(directory)
    this.#written = this.#model.length
    const { journal } = this.#process
    expect(journal.recovered.leases).toEqual(this.#model.leases)
    // What was confirmed, and the files do not know to be, is sent again; the ingest knows it by its ids.
    this.#shippedBefore = this.#model.events.length - journal.backlog
    this.#shipped = this.#shippedBefore
    this.#sent = this.#shippedBefore
    this.check()
  }

  /** A crash may cost what was not flushed, from some line on, and nothing before it. */
  #forgetUnwritten(directory: string): void {
    const found = linesIn(directory)
    const length = this.#model.lengthUpTo((line) => found.has(keyOf(line)))
    this.#model.truncate(Math.max(length, this.#written))
  }

  #start(directory: string): Process {
    const log = this.#log
    const journal = DurableJournal.open({ directory, durability: 'process', log, ...this.#options })
    journal.attachLedger(
      ({ charges, nanoUsd }) => charges.map(({ leaseId }) => ({ leaseId, nanoUsd })),
      () => {},
    )
    const stream = new ScriptedStream((batch) => this.#expectNext(batch))
    const source = { organizationId: 'org_1', dataPlaneId: 'dp_1', signingKey: dataPlaneKey }
    const shipper = new Shipper({ ...source, journal, events: stream, controlPlaneKeys, log })
    shipper.start()
    return { directory, journal, shipper, stream }
  }

  /** A new batch goes on exactly where the last one ended. */
  #expectNext({ events }: EventBatch): void {
    expect(events.map(summaryOf)).toEqual(this.#model.events.slice(this.#sent, this.#sent + events.length))
    this.#sent += events.length
  }

  /** Time is a test's own; the files need turns of the real event loop. */
  async #pump(isDone: () => boolean): Promise<void> {
    const deadline = process.hrtime.bigint() + patienceNs
    while (!isDone()) {
      if (process.hrtime.bigint() > deadline)
        throw new Error('nothing comes of it', { cause: this.#failures })
      await vi.advanceTimersByTimeAsync(100)
      await nextTurn()
    }
  }

  #nextId(prefix: string): string {
    return `${prefix}_${++this.#ids}`
  }
}

function callWith(id: string, [held]: readonly Held[]): BuiltinCall {
  if (!held) return callOf({ id })
  const charges = [{ leaseId: held.leaseId, budgetId: 'bud_1' }]
  return callOf({ id, hold: { nanoUsd: held.nanoUsd, charges } })
}

function pickOf<T>(things: readonly T[], pick: number): T | undefined {
  return things[pick % Math.max(1, things.length)]
}

function summaryOf(event: DataPlaneEvent): ModelEvent {
  if (event.type === 'lease.closed') return { id: event.leaseId, outcome: 'closed', charges: [] }
  if (event.type !== 'call.finished') throw new Error(`nobody reported a ${event.type}`)
  const { attemptId: id, outcome, charges } = event
  if (outcome === 'failed' || outcome === 'cancelled') throw new Error(`no call was ${outcome}`)
  return { id, outcome, charges }
}

function keyOf(line: ModelLine): string {
  if (line.kind === 'grant') return `granted ${line.lease.leaseId}`
  return line.kind === 'intent' ? `intent ${line.id}` : `event ${line.event.id}`
}

/** Which lines of a model are in the files. */
function linesIn(directory: string): Set<string> {
  const texts = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'))
  return new Set(texts.flatMap((text) => text.split('\n').flatMap(keyOfText)))
}

function keyOfText(text: string): string[] {
  const [, kind] = /^\{"(\w+)":/.exec(text) ?? []
  const [, id] =
    (kind === 'granted' ? /"leaseId":"(\w+)"/ : /"(?:attemptId|leaseId)":"(\w+)"/).exec(text) ?? []
  return kind === undefined || id === undefined ? [] : [`${kind} ${id}`]
}
