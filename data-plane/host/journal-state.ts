import type { CallFinished, DataPlaneEvent } from '../../contract/events.ts'
import type { LeaseRequest } from '../../contract/leases.ts'
import type { Checkpoint, JournalRecord, LeaseState, Position } from './journal-record.ts'

interface OpenLease {
  readonly budgetId: string
  readonly windowEndsAt: number | null
  remainingNanoUsd: number
}

type Charge = CallFinished['charges'][number]

/**
 * A call whose end is not written yet, with what its record is made of.
 *
 * It is emptied when it ends. V8 lets the outgrown table of a `Map` point to its successor, so that one that has grown
 * old would keep all that later ones ever held alive until the next full collection: every call, several times copied.
 */
export class OpenCall {
  #unknownEnd: (() => string) | undefined

  constructor(unknownEnd: () => string) {
    this.#unknownEnd = unknownEnd
  }

  /** The JSON of the event that becomes true when no end is ever written. */
  unknownEnd(): string {
    if (!this.#unknownEnd) throw new TypeError('the call has ended')
    return this.#unknownEnd()
  }

  end(): void {
    this.#unknownEnd = undefined
  }
}

/**
 * What the journal's lines amount to: open calls, open leases, unanswered requests. The same steps follow the live
 * writing and the reading after a crash.
 */
export class JournalState {
  /** By their ids. */
  readonly openCalls = new Map<string, OpenCall>()
  readonly leases = new Map<string, OpenLease>()
  readonly asks = new Map<string, LeaseRequest>()
  shipped: Position = { segment: 1, offset: 0 }

  apply(record: JournalRecord): void {
    if ('intent' in record) this.#begin(record.intent)
    else if ('event' in record) this.note(record.event)
    else if ('asked' in record) this.asks.set(record.asked.id, record.asked)
    else if ('granted' in record) this.grant(record.granted.requestId, record.granted.leases)
    else if ('shipped' in record) this.shipped = record.shipped
    else this.#restore(record.checkpoint)
  }

  note(event: DataPlaneEvent): void {
    if (event.type === 'call.finished') this.finish(event.attemptId, event.charges)
    else if (event.type === 'lease.closed') this.leases.delete(event.leaseId)
  }

  finish(attemptId: string, charges: readonly Charge[]): void {
    this.openCalls.get(attemptId)?.end()
    this.openCalls.delete(attemptId)
    for (const { leaseId, nanoUsd } of charges) {
      const lease = this.leases.get(leaseId)
      if (lease) lease.remainingNanoUsd -= nanoUsd
    }
  }

  grant(requestId: string, leases: readonly LeaseState[]): void {
    this.asks.delete(requestId)
    for (const { leaseId, ...lease } of leases) this.leases.set(leaseId, lease)
  }

  /** JSON of a checkpoint. */
  checkpoint(): string {
    const intents = Array.from(this.openCalls.values(), (call) => call.unknownEnd()).join(',')
    const rest = { leases: this.openLeases(), asks: [...this.asks.values()], shipped: this.shipped }
    return `{"intents":[${intents}],${JSON.stringify(rest).slice(1)}`
  }

  openLeases(): LeaseState[] {
    return Array.from(this.leases, ([leaseId, lease]) => ({ leaseId, ...lease }))
  }

  #begin(intent: CallFinished): void {
    this.openCalls.set(intent.attemptId, new OpenCall(() => JSON.stringify(intent)))
  }

  #restore({ intents, leases, asks, shipped }: Checkpoint): void {
    this.openCalls.clear()
    this.leases.clear()
    this.asks.clear()
    for (const intent of intents) this.#begin(intent)
    for (const { leaseId, ...lease } of leases) this.leases.set(leaseId, lease)
    for (const ask of asks) this.asks.set(ask.id, ask)
    this.shipped = shipped
  }
}
