import type { KeyObject } from 'node:crypto'
import type { DataPlaneEvent } from '../../contract/events.ts'
import { type LeaseGrant, type LeaseReply, parseLeaseRequest } from '../../contract/leases.ts'
import { open, type SigningKey, seal } from '../../contract/signed.ts'
import { advance, patienceBatches } from '../../control-plane/ingest/event-sources.ts'
import { closeLease, type Lease, settleCharge } from '../../control-plane/ingest/settlement.ts'
import { budgetWindow, type RecurringBudget } from '../../control-plane/leases/budget-window.ts'
import { available, grant, type WindowBalance } from '../../control-plane/leases/window-balance.ts'
import { type StoredWindow, windowName } from '../../control-plane/leases/windows.ts'
import type { SimulatedTime } from './simulated-time.ts'

export interface SimulatedBudget extends RecurringBudget {
  readonly id: string
  readonly limit: bigint
}

export interface Batch {
  readonly dataPlaneId: string
  readonly incarnation: string
  readonly sequence: number
  readonly events: readonly DataPlaneEvent[]
}

export interface ChargedAttempt {
  readonly byWindow: ReadonlyMap<string, number>
  /** It may be charged more than it was billed. */
  readonly isEstimated: boolean
}

export interface Confirmation {
  readonly incarnation: string
  readonly sequence: number
}

interface KeptLease extends Lease {
  closing?: { readonly incarnation: string; readonly sequence: number }
}

export interface ControlPlaneParts {
  readonly time: SimulatedTime
  readonly budgets: readonly SimulatedBudget[]
  readonly signingKey: SigningKey
  readonly believesLaterProcesses: boolean
  readonly dataPlaneKeys: (id: string) => KeyObject | undefined
  readonly violated: (what: string) => void
}

/**
 * The books of the control plane, kept in memory by the same functions that keep them in PostgreSQL. Each message is one
 * transaction: a control plane that dies, or a database that answers too late, is a message or an answer that is lost.
 */
export class SimulatedControlPlane {
  readonly #parts: ControlPlaneParts
  readonly windows = new Map<string, StoredWindow>()
  readonly leases = new Map<string, KeptLease>()
  /** What each attempt was charged. */
  readonly charged = new Map<string, ChargedAttempt>()
  readonly #replies = new Map<string, string>()
  readonly #sources = new Map<string, { contiguous: number; ahead: readonly number[] }>()
  /** While it is down, whatever comes is lost. */
  isUp = true

  constructor(parts: ControlPlaneParts) {
    this.#parts = parts
  }

  /** The sealed reply to a sealed request; the same, however often it is asked. */
  answer(text: string): string {
    const { signingKey, dataPlaneKeys } = this.#parts
    const { payload } = open('gatehouse/lease-request', text, dataPlaneKeys)
    const request = parseLeaseRequest(payload)
    const known = this.#replies.get(request.id)
    if (known !== undefined) return known
    const { dataPlaneId, id: requestId } = request
    const grants = request.asks.map((ask) => this.#grant(ask, dataPlaneId))
    const reply: LeaseReply = { format: 1, requestId, dataPlaneId, grants }
    const sealed = seal('gatehouse/lease-reply', JSON.stringify(reply), signingKey)
    this.#replies.set(requestId, sealed)
    return sealed
  }

  /** Takes a batch in, as `ingestEntries` does. */
  ingest({ dataPlaneId, incarnation, sequence, events }: Batch): Confirmation {
    const fresh = events.flatMap((event) =>
      event.type === 'call.finished' && !this.charged.has(event.attemptId) ? event : [],
    )
    const name = `${dataPlaneId} ${incarnation}`
    const source = advance(this.#sources.get(name) ?? { contiguous: 0, ahead: [] }, [sequence])
    this.#sources.set(name, source)
    for (const event of events) {
      if (event.type === 'lease.closed') this.#noteClosing(event.leaseId, { incarnation, sequence })
    }
    for (const { attemptId, charges, estimated } of fresh) {
      const byWindow = new Map<string, number>()
      for (const charge of charges) this.#charge(dataPlaneId, charge, byWindow)
      this.charged.set(attemptId, { byWindow, isEstimated: estimated })
    }
    this.#closeDue(dataPlaneId, incarnation, source.contiguous)
    return { incarnation, sequence: source.contiguous }
  }

  #grant(
    {
      budgetId,
      wantedNanoUsd,
      neededNanoUsd,
    }: { budgetId: string; wantedNanoUsd: number; neededNanoUsd: number },
    dataPlaneId: string,
  ): LeaseGrant {
    const budget = this.#parts.budgets.find(({ id }) => id === budgetId)
    if (!budget) throw new RangeError(`no budget ${budgetId}`)
    const { startsAt, endsAt } = budgetWindow(budget, this.#parts.time.now)
    const key = { budgetId, startsAt }
    const before = this.windows.get(windowName(key))?.balance ?? untouched(budget.limit)
    const terms = { limit: budget.limit, wanted: BigInt(wantedNanoUsd), needed: BigInt(neededNanoUsd) }
    const { balance, granted } = grant(before, { ...terms, dataPlanes: 3 })
    this.windows.set(windowName(key), { ...key, balance, resetAt: null, crossedPercent: 0 })
    const id = granted > 0n ? `lea_${this.leases.size + 1}` : null
    if (id) this.leases.set(id, { ...key, id, dataPlaneId, remaining: granted, closed: false })
    return {
      ...{ budgetId, leaseId: id, grantedNanoUsd: Number(granted), windowEndsAt: endsAt?.getTime() ?? null },
      limitNanoUsd: String(budget.limit),
      settledNanoUsd: String(balance.settled + balance.overdrawn),
      unleasedNanoUsd: String(available(balance, budget.limit)),
    }
  }

  #charge(
    dataPlaneId: string,
    { leaseId, nanoUsd }: { leaseId: string; nanoUsd: number },
    byWindow: Map<string, number>,
  ): void {
    const lease = this.leases.get(leaseId)
    if (lease?.closed && nanoUsd > 0) this.#parts.violated(`${leaseId} is charged after it was closed`)
    const isSettled = settleCharge(this, { dataPlaneId, leaseId, nanoUsd: BigInt(nanoUsd) })
    if (!isSettled || !lease) {
      this.#parts.violated(`nobody knows ${leaseId}, which is charged`)
      return
    }
    const window = windowName(lease)
    byWindow.set(window, (byWindow.get(window) ?? 0) + nanoUsd)
  }

  /** As the statement of `noteClosings`. */
  #noteClosing(leaseId: string, closing: { incarnation: string; sequence: number }): void {
    const lease = this.leases.get(leaseId)
    if (!lease || lease.closed) return
    const isLater = lease.closing !== undefined && lease.closing.incarnation < closing.incarnation
    if (!lease.closing || (isLater && this.#parts.believesLaterProcesses)) lease.closing = closing
  }

  /** As the statement of `listDueClosings`. */
  #closeDue(dataPlaneId: string, incarnation: string, contiguous: number): void {
    for (const { id, closing, closed, dataPlaneId: holder } of this.leases.values()) {
      if (closed || !closing || holder !== dataPlaneId) continue
      const isReached = closing.incarnation === incarnation && closing.sequence <= contiguous
      if (isReached || (closing.incarnation < incarnation && contiguous >= patienceBatches))
        closeLease(this, id)
    }
  }
}

function untouched(limit: bigint): WindowBalance {
  return { ceiling: limit, settled: 0n, leased: 0n, overdrawn: 0n }
}
