import type { KeyObject } from 'node:crypto'
import { maxUnconfirmedBatches } from '../../contract/event-batch.ts'
import type { CallFinished, DataPlaneEvent } from '../../contract/events.ts'
import type { SigningKey } from '../../contract/signed.ts'
import type { JournalRecord } from '../../data-plane/host/journal-record.ts'
import { JournalState } from '../../data-plane/host/journal-state.ts'
import { LeaseDesk } from '../../data-plane/host/lease-desk.ts'
import { LeaseLedger } from '../../data-plane/host/ledger.ts'
import { UnconfirmedBatches } from '../../data-plane/host/unconfirmed.ts'
import type { BudgetNode, Hold, Shortfall } from '../../plugins/sdk/builtin.ts'
import { callFinished } from '../control-plane/spending-data-plane.ts'
import type { Rules } from './lease-schedule.ts'
import type { Batch, Confirmation } from './simulated-control-plane.ts'
import type { Crash, SimulatedDisk } from './simulated-disk.ts'
import type { SimulatedTime } from './simulated-time.ts'

export interface ProcessParts {
  readonly dataPlaneId: string
  readonly signingKey: SigningKey
  readonly controlPlaneKey: KeyObject
  readonly time: SimulatedTime
  readonly disk: SimulatedDisk
  readonly sendRequest: (text: string) => void
  readonly sendBatch: (batch: Batch) => void
  readonly rules: Rules
}

/** How often it sweeps its ledger and ships what is recorded. */
const turnMs = 250
const log = { warn() {}, error() {} }
const nothing = Buffer.alloc(0)

/** One process of a data plane: the real ledger, lease desk and journal state, on a disk that outlives it. */
export class SimulatedProcess {
  readonly #parts: ProcessParts
  readonly #state = new JournalState()
  readonly #ledger: LeaseLedger
  readonly #desk: LeaseDesk
  readonly #incarnation: string
  readonly #unconfirmed = new UnconfirmedBatches(maxUnconfirmedBatches)
  readonly #batches = new Map<number, Batch>()
  #sequence = 0
  #sentUpTo: number
  #isShipping = false
  #isAlive = true
  #onReply: (reply: string) => void = () => {}

  constructor(parts: ProcessParts) {
    this.#parts = parts
    const { dataPlaneId, signingKey, controlPlaneKey, time, disk } = parts
    this.#incarnation = `run_${String(++disk.runs).padStart(4, '0')}`
    for (const line of disk.lines) this.#state.apply(line)
    this.#sentUpTo = this.#state.shipped.offset
    for (const call of this.#state.openCalls.values()) this.#report(JSON.parse(call.unknownEnd()))
    const unanswered = [...this.#state.asks.values()]
    this.#ledger = new LeaseLedger(
      {
        ask: (ask) => this.#desk.ask(ask),
        journal: {
          granted: (requestId, leases) => this.#write({ granted: { requestId, leases: [...leases] } }),
          closed: (leaseId) => this.#report({ type: 'lease.closed', leaseId }),
          confirmation: () => {
            const end = disk.lines.length
            return () => this.#state.shipped.offset >= end
          },
        },
        now: () => time.now,
        log,
      },
      this.#state.openLeases(),
      unanswered.flatMap(({ asks }) => asks),
    )
    this.#desk = new LeaseDesk({
      ...{ organizationId: 'org_1', dataPlaneId, signingKey, log },
      controlPlaneKeys: () => controlPlaneKey,
      leases: {
        send: async (text) => {
          if (this.#isAlive) parts.sendRequest(text)
        },
        subscribe: async (onReply) => {
          this.#onReply = onReply
          return async () => {}
        },
      },
      onAsk: (request) => this.#write({ asked: request }),
      written: () => {
        if (parts.rules.asksOnlyWhatIsKept) return new Promise((resolve) => this.#sync(resolve))
        disk.flush()
        return Promise.resolve()
      },
      onGrants: (request, grants) => this.#ledger.onGrants(request, grants),
    })
    void this.#desk.start(unanswered)
    this.#turn()
  }

  /** Resolves to the hold once the call's intent is on the disk, or to why it is refused; never when the process dies. */
  async admit(
    budgets: readonly BudgetNode[],
    nanoUsd: number,
    attemptId: string,
  ): Promise<Hold | Shortfall['reason']> {
    const hold = await this.#ledger.reserve(budgets, nanoUsd)
    if ('reason' in hold) return hold.reason
    this.#write({
      intent: this.#record(attemptId, { ...unknownEnd, costNanoUsd: nanoUsd }, this.#ledger.heldBy(hold)),
    })
    return new Promise((resolve) => this.#sync(() => resolve(hold)))
  }

  /** A request of its own has no answer: what it is granted some day counts as gone until it is given back. */
  get isAsking(): boolean {
    return this.#desk.unansweredForMs !== null
  }

  /** Settles a call and records its end. */
  finish(hold: Hold, attemptId: string, end: Pick<CallFinished, 'costNanoUsd' | 'estimated'>): void {
    if (!this.#isAlive) return
    const charges = this.#ledger.settle(hold, end.costNanoUsd)
    this.#report(this.#record(attemptId, end, charges))
    this.#ledger.recorded(hold)
  }

  hearReply(text: string): void {
    if (this.#isAlive) this.#onReply(text)
  }

  hearConfirmation({ incarnation, sequence }: Confirmation): void {
    if (!this.#isAlive || incarnation !== this.#incarnation) return
    const last = this.#unconfirmed.confirm(sequence).at(-1)
    if (last) this.#write({ shipped: last.end })
  }

  crash(how: Crash): void {
    this.#isAlive = false
    this.#parts.disk.crash(how)
  }

  #turn(): void {
    if (!this.#isAlive) return
    this.#ledger.sweep()
    this.#ship()
    this.#sendAgain()
    this.#parts.time.in(turnMs, () => this.#turn())
  }

  #ship(): void {
    const { disk, rules } = this.#parts
    const end = disk.written
    if (this.#isShipping || this.#unconfirmed.isFull || end <= this.#sentUpTo) return
    this.#isShipping = true
    const ship = () => {
      this.#isShipping = false
      this.#shipUpTo(end)
    }
    if (rules.shipsOnlyWhatIsKept) this.#sync(ship)
    else ship()
  }

  #shipUpTo(end: number): void {
    const { dataPlaneId, disk, time, sendBatch } = this.#parts
    const events = disk.lines
      .slice(this.#sentUpTo, end)
      .flatMap((line) => ('event' in line ? line.event : []))
    this.#sentUpTo = end
    if (events.length === 0) return
    const sequence = ++this.#sequence
    const batch = { dataPlaneId, incarnation: this.#incarnation, sequence, events }
    this.#batches.set(sequence, batch)
    const sent = { sequence, sealed: nothing, count: events.length, end: { segment: 1, offset: end } }
    this.#unconfirmed.add({ ...sent, entryId: String(sequence) }, time.now)
    sendBatch(batch)
  }

  #sendAgain(): void {
    const { time, sendBatch } = this.#parts
    for (const due of this.#unconfirmed.due(time.now)) {
      const batch = this.#batches.get(due.sequence)
      if (batch) sendBatch(batch)
      due.timesSent++
      this.#unconfirmed.postpone(due, time.now)
    }
  }

  #report(event: DataPlaneEvent): void {
    this.#write({ event })
  }

  /** Written with the next lines, within a turn of the event loop. */
  #write(line: JournalRecord): void {
    if (!this.#isAlive) return
    const { disk, time } = this.#parts
    disk.append(line)
    this.#state.apply(line)
    time.in(0, () => {
      if (this.#isAlive) disk.flush()
    })
  }

  #sync(onSynced: () => void): void {
    this.#parts.disk.sync(() => {
      if (this.#isAlive) onSynced()
    })
  }

  #record(
    attemptId: string,
    end: Partial<CallFinished>,
    charges: readonly { readonly leaseId: string; readonly nanoUsd: number }[],
  ): CallFinished {
    const spent = charges.map(({ leaseId, nanoUsd }) => ({ leaseId, nanoUsd }))
    return callFinished({ ...end, attemptId, startedAt: this.#parts.time.now, charges: spent })
  }
}

const unknownEnd = { outcome: 'unknown', estimated: true } as const
