import type { LeaseGrant, LeaseRequest } from '../../../contract/leases.ts'
import {
  available,
  giveBack,
  grant,
  settle,
  type WindowBalance,
} from '../../../control-plane/leases/window-balance.ts'
import { LeaseLedger } from '../../../data-plane/host/ledger.ts'
import type { Hold, Shortfall } from '../../../plugins/sdk/builtin.ts'

interface Lease {
  readonly budgetId: string
  remaining: bigint
  isOpen: boolean
}

type Event = readonly { readonly leaseId: string; readonly nanoUsd: number }[] | { readonly closed: string }

/** The control plane's books, by the same arithmetic as those in PostgreSQL. */
export class SimulatedBooks {
  readonly #limits: Readonly<Record<string, number>>
  readonly #balances = new Map<string, WindowBalance>()
  readonly #leases = new Map<string, Lease>()
  readonly #dataPlanes: number

  constructor(limits: Readonly<Record<string, number>>, dataPlanes: number) {
    this.#limits = limits
    this.#dataPlanes = dataPlanes
    for (const [id, limit] of Object.entries(limits)) {
      this.#balances.set(id, { ceiling: BigInt(limit), settled: 0n, leased: 0n, overdrawn: 0n })
    }
  }

  settled(budgetId: string): number {
    const { settled, overdrawn } = this.#balance(budgetId)
    return Number(settled + overdrawn)
  }

  leased(budgetId: string): number {
    return Number(this.#balance(budgetId).leased)
  }

  answer({ asks }: LeaseRequest): LeaseGrant[] {
    return asks.map(({ budgetId, wantedNanoUsd, neededNanoUsd }) => {
      const limit = BigInt(this.#limits[budgetId] ?? 0)
      const [wanted, needed] = [BigInt(wantedNanoUsd), BigInt(neededNanoUsd)]
      const { balance, granted } = grant(this.#balance(budgetId), {
        ...{ limit, wanted, needed },
        dataPlanes: this.#dataPlanes,
      })
      this.#balances.set(budgetId, balance)
      const leaseId = granted > 0n ? `lease_${this.#leases.size + 1}` : null
      if (leaseId) this.#leases.set(leaseId, { budgetId, remaining: granted, isOpen: true })
      return {
        ...{ budgetId, leaseId, grantedNanoUsd: Number(granted), windowEndsAt: null },
        limitNanoUsd: String(limit),
        settledNanoUsd: String(balance.settled + balance.overdrawn),
        unleasedNanoUsd: String(available(balance, limit)),
      }
    })
  }

  ingest(event: Event): void {
    if ('closed' in event) {
      const lease = this.#lease(event.closed)
      if (!lease.isOpen) throw new Error(`${event.closed} was closed twice`)
      this.#balances.set(lease.budgetId, giveBack(this.#balance(lease.budgetId), lease.remaining))
      Object.assign(lease, { remaining: 0n, isOpen: false })
      return
    }
    for (const { leaseId, nanoUsd } of event) {
      const lease = this.#lease(leaseId)
      const { balance, remaining } = settle(this.#balance(lease.budgetId), lease.remaining, BigInt(nanoUsd))
      this.#balances.set(lease.budgetId, balance)
      lease.remaining = remaining
    }
  }

  #balance(budgetId: string): WindowBalance {
    const balance = this.#balances.get(budgetId)
    if (!balance) throw new Error(`no budget ${budgetId}`)
    return balance
  }

  #lease(leaseId: string): Lease {
    const lease = this.#leases.get(leaseId)
    if (!lease) throw new Error(`no lease ${leaseId}`)
    return lease
  }
}

export interface SimulatedCall {
  readonly budgetIds: readonly string[]
  readonly most: number
  readonly likely: number
  readonly actual: number
}

interface CallUnderWay extends SimulatedCall {
  readonly hold: Hold
}

/** A data plane whose requests, replies and events arrive when the test says so, each kind in its order. */
export class SimulatedPlane {
  readonly ledger: LeaseLedger
  readonly underWay: CallUnderWay[] = []
  /** The largest that the data plane showed, by budget. */
  readonly bounds = new Map<string, number>()
  readonly errors: object[] = []
  readonly #books: SimulatedBooks
  readonly #asked: LeaseRequest[] = []
  readonly #answered: { readonly request: LeaseRequest; readonly grants: readonly LeaseGrant[] }[] = []
  readonly #events: Event[] = []
  #recorded = 0
  #ingested = 0

  constructor(name: string, books: SimulatedBooks) {
    this.#books = books
    this.ledger = new LeaseLedger({
      ask: (ask) => {
        const id = `${name}_${this.#asked.length}`
        this.#asked.push({ format: 1, id, organizationId: 'org_1', dataPlaneId: name, asks: [ask] })
      },
      journal: {
        granted() {},
        closed: (leaseId) => this.#record({ closed: leaseId }),
        confirmation: () => {
          const due = this.#recorded
          return () => this.#ingested >= due
        },
      },
      now: () => Date.now(),
      log: { warn() {}, error: (fields) => void this.errors.push(fields) },
    })
  }

  /** @param onAdmitted told when the call is admitted, at once or later. */
  begin(
    call: SimulatedCall,
    balanced: ReadonlySet<string>,
    limitOf: (id: string) => number,
    onAdmitted: () => void,
  ): void {
    const nodes = call.budgetIds.map((id) => ({
      ...{ id, scope: 'team', limitNanoUsd: String(limitOf(id)) },
      ...(balanced.has(id) && { mode: 'balanced' as const }),
    }))
    const take = (result: Hold | Shortfall) => {
      if (!('charges' in result)) return
      onAdmitted()
      this.underWay.push({ ...call, hold: result })
      this.#measure()
    }
    const result = this.ledger.reserve(nodes, call.most, call.likely)
    if (result instanceof Promise) void result.then(take)
    else take(result)
  }

  /** @returns the call that has ended. */
  end(index: number): SimulatedCall | undefined {
    const [call] = this.underWay.splice(index % Math.max(1, this.underWay.length), 1)
    if (!call) return undefined
    this.#measure()
    const charges = this.ledger.settle(call.hold, call.actual)
    this.#record(charges)
    this.ledger.recorded(call.hold)
    this.#measure()
    return call
  }

  controlPlaneAnswers(): void {
    const request = this.#asked.shift()
    if (request) this.#answered.push({ request, grants: this.#books.answer(request) })
  }

  replyArrives(): void {
    const answer = this.#answered.shift()
    if (answer) this.ledger.onGrants(answer.request, answer.grants)
  }

  controlPlaneIngests(): void {
    const event = this.#events.shift()
    if (!event) return
    this.#books.ingest(event)
    this.#ingested++
  }

  get isQuiet(): boolean {
    return this.#asked.length + this.#answered.length + this.#events.length === 0
  }

  #record(event: Event): void {
    this.#events.push(event)
    this.#recorded++
  }

  #measure(): void {
    for (const { budgetId, overspendBoundNanoUsd } of this.ledger.leased) {
      const before = this.bounds.get(budgetId) ?? 0
      this.bounds.set(budgetId, Math.max(before, overspendBoundNanoUsd))
    }
  }
}
