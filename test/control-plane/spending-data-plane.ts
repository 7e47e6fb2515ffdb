import { canonicalJson, type Json } from '../../contract/canonical.ts'
import { sealBatch } from '../../contract/event-batch.ts'
import type { CallFinished, DataPlaneEvent } from '../../contract/events.ts'
import type { LeaseGrant, LeaseRequest } from '../../contract/leases.ts'
import { seal } from '../../contract/signed.ts'
import type { EnrolledDataPlane } from './organization.ts'

let attempts = 0

/** A call that was served, with what a test says about it. */
export function callFinished(facts: Partial<CallFinished> = {}): CallFinished {
  const id = `attempt_${process.pid}_${++attempts}`
  return {
    type: 'call.finished',
    attemptId: id,
    requestId: `request_${id}`,
    startedAt: Date.now(),
    durationMs: 12.5,
    operation: 'chat_completions',
    streamed: false,
    workspaceId: null,
    virtualKeyId: 'vk_1',
    userId: null,
    teamId: 'team_1',
    businessUnitId: null,
    customerId: 'cus_1',
    providerId: 'prov_1',
    providerKeyId: 'pk_1',
    providerConfigId: 'pc_1',
    requestedModel: 'demo-chat',
    upstreamModel: 'demo-chat',
    inputTokens: 10,
    cachedInputTokens: 0,
    outputTokens: 5,
    images: 0,
    estimated: false,
    costNanoUsd: 0,
    outcome: 'succeeded',
    status: 200,
    errorCode: null,
    refusedBy: null,
    upstreamOrigin: 'http://127.0.0.1:4010',
    forwardedHeaders: [],
    droppedHeaders: [],
    sourceAddress: '127.0.0.1',
    epoch: 1,
    revision: 1,
    charges: [],
    ...facts,
  }
}

export interface HeldLease {
  readonly leaseId: string
  readonly budgetId: string
  remainingNanoUsd: number
  closed: boolean
}

/** The data plane's side of leases and events: it spends only what it holds and numbers its batches. */
export class SpendingDataPlane {
  readonly identity: EnrolledDataPlane
  readonly leases: HeldLease[] = []
  readonly #answered = new Set<string>()
  readonly #incarnation: string
  #outbox: DataPlaneEvent[] = []
  #sequence = 0
  #requests = 0
  /** Sum of all charges by budget. */
  readonly spentNanoUsd = new Map<string, number>()

  constructor(identity: EnrolledDataPlane, incarnation = 'incarnation_1') {
    this.identity = identity
    this.#incarnation = incarnation
  }

  request(asks: LeaseRequest['asks']): LeaseRequest {
    const { id: dataPlaneId, organizationId } = this.identity
    const id = `${this.#incarnation}_${++this.#requests}`
    return { format: 1, id, organizationId, dataPlaneId, asks }
  }

  sign(request: LeaseRequest): string {
    return seal('gatehouse/lease-request', canonicalJson(request as Json), this.identity.signingKey)
  }

  /** Takes the grants of a reply, the first time it comes. */
  receive(requestId: string, grants: readonly LeaseGrant[]): void {
    if (this.#answered.has(requestId)) return
    this.#answered.add(requestId)
    for (const { leaseId, budgetId, grantedNanoUsd } of grants) {
      if (leaseId) this.leases.push({ leaseId, budgetId, remainingNanoUsd: grantedNanoUsd, closed: false })
    }
  }

  /** One call that costs up to this much and is charged to an open lease. */
  spend(lease: HeldLease, mostNanoUsd: number): void {
    const nanoUsd = Math.min(mostNanoUsd, lease.remainingNanoUsd)
    if (lease.closed || nanoUsd === 0) return
    lease.remainingNanoUsd -= nanoUsd
    this.#charge(lease, nanoUsd)
  }

  /** One call whose provider billed more than was reserved. */
  overspend(lease: HeldLease, nanoUsd: number): void {
    lease.remainingNanoUsd = Math.max(0, lease.remainingNanoUsd - nanoUsd)
    this.#charge(lease, nanoUsd)
  }

  close(lease: HeldLease): void {
    if (lease.closed) return
    lease.closed = true
    this.#outbox.push({ type: 'lease.closed', leaseId: lease.leaseId })
  }

  /** The next batch, of whatever happened since the last one. */
  batch(events: readonly DataPlaneEvent[] = []): string {
    const { id: dataPlaneId, organizationId, signingKey } = this.identity
    const head = {
      format: 1 as const,
      organizationId,
      dataPlaneId,
      incarnation: this.#incarnation,
      sequence: ++this.#sequence,
    }
    const json = [...this.#outbox, ...events].map((event) => JSON.stringify(event)).join(',')
    this.#outbox = []
    return sealBatch(head, Buffer.from(json), signingKey).toString()
  }

  #charge({ leaseId, budgetId }: HeldLease, nanoUsd: number): void {
    this.#outbox.push(callFinished({ costNanoUsd: nanoUsd, charges: [{ leaseId, nanoUsd }] }))
    this.spentNanoUsd.set(budgetId, (this.spentNanoUsd.get(budgetId) ?? 0) + nanoUsd)
  }
}
