import { randomUUID } from 'node:crypto'
import { type LeaseGrant, type LeaseRequest, parseLeaseReply } from '../../contract/leases.ts'
import { type KeyLookup, open, type SigningKey, seal } from '../../contract/signed.ts'
import type { LeaseClient } from '../../transport/lease-channel.ts'
import { within } from '../deadline.ts'
import type { HostLog } from './host-log.ts'

export type Ask = LeaseRequest['asks'][number]

export interface LeaseDeskOptions {
  readonly leases: LeaseClient
  readonly organizationId: string
  readonly dataPlaneId: string
  readonly signingKey: SigningKey
  readonly controlPlaneKeys: KeyLookup
  readonly log: HostLog
  /** To be written down. */
  readonly onAsk: (request: LeaseRequest) => void
  /** Resolves once what was written down survives a crash: a grant of which nobody knows would never be given back. */
  readonly written: () => Promise<void>
  /** Called once per request, however often its reply comes. */
  readonly onGrants: (request: LeaseRequest, grants: readonly LeaseGrant[]) => void
}

const maxAsks = 256
/** What is asked for while a request is under way waits no longer for its answer. */
const gatherMs = 20
const sendLimitMs = 2_000
const resendMs = 1_000
/** No longer: so late is money spent again after an outage. */
const longestResendMs = 5_000

interface Outstanding {
  readonly request: LeaseRequest
  readonly sealed: string
  /** On the monotonic clock. */
  readonly askedAtMs: number
  resend: NodeJS.Timeout | undefined
}

/**
 * Asks the control plane for leases: what is asked for in one turn of the event loop, or while a request is under way,
 * goes in one request, for each costs a signature, a write to the disk and a transaction. A request is repeated under its
 * id until it is answered, for what it was granted counts as spent until it is given back.
 */
export class LeaseDesk {
  readonly #options: LeaseDeskOptions
  readonly #outstanding = new Map<string, Outstanding>()
  /** By budget: who asks for it twice in one request is granted two leases. */
  readonly #asks = new Map<string, Ask>()
  #gathering: NodeJS.Timeout | undefined
  #unsubscribe: (() => Promise<void>) | undefined
  #closed = false

  constructor(options: LeaseDeskOptions) {
    this.#options = options
  }

  /** Begins to listen, and repeats what the process before us had asked. */
  async start(unanswered: readonly LeaseRequest[]): Promise<void> {
    this.#unsubscribe = await this.#options.leases.subscribe((reply) => this.#onReply(reply))
    for (const request of unanswered) this.#send(request)
  }

  /** How long the oldest request has no answer; null when none waits. */
  get unansweredForMs(): number | null {
    // In the order in which they were asked.
    const [oldest] = this.#outstanding.values()
    return oldest ? performance.now() - oldest.askedAtMs : null
  }

  ask(ask: Ask): void {
    const waiting = this.#asks.get(ask.budgetId)
    this.#asks.set(ask.budgetId, waiting ? moreOf(waiting, ask) : ask)
    if (this.#asks.size > 1 || waiting) return
    if (this.#outstanding.size === 0) queueMicrotask(() => this.#flush())
    else this.#gathering = setTimeout(() => this.#flush(), gatherMs).unref()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#gathering)
    for (const { resend } of this.#outstanding.values()) clearTimeout(resend)
    await this.#unsubscribe?.()
  }

  #flush(): void {
    const { organizationId, dataPlaneId, onAsk } = this.#options
    clearTimeout(this.#gathering)
    const due = [...this.#asks.values()]
    this.#asks.clear()
    for (let from = 0; from < due.length; from += maxAsks) {
      const asks = due.slice(from, from + maxAsks)
      const request: LeaseRequest = { format: 1, id: `lr_${randomUUID()}`, organizationId, dataPlaneId, asks }
      onAsk(request)
      this.#send(request)
    }
  }

  #send(request: LeaseRequest): void {
    const sealed = seal('gatehouse/lease-request', JSON.stringify(request), this.#options.signingKey)
    const askedAtMs = performance.now()
    const outstanding: Outstanding = { request, sealed, askedAtMs, resend: undefined }
    this.#outstanding.set(request.id, outstanding)
    this.#transmit(outstanding, resendMs)
  }

  #transmit(outstanding: Outstanding, waitMs: number): void {
    if (this.#closed) return
    const { written, leases, log } = this.#options
    const sent = written().then(() => leases.send(outstanding.sealed))
    within(sendLimitMs, 'the lease channel', sent).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      log.warn({ reason, leaseRequestId: outstanding.request.id }, 'a lease request could not be sent')
    })
    const next = Math.min(waitMs * 2, longestResendMs)
    outstanding.resend = setTimeout(() => this.#transmit(outstanding, next), waitMs).unref()
  }

  #onReply(text: string): void {
    const { controlPlaneKeys, dataPlaneId, log, onGrants } = this.#options
    try {
      const reply = parseLeaseReply(open('gatehouse/lease-reply', text, controlPlaneKeys).payload)
      const outstanding = this.#outstanding.get(reply.requestId)
      // A doubled reply, or one that somebody moved here from another data plane.
      if (!outstanding || reply.dataPlaneId !== dataPlaneId) return
      this.#outstanding.delete(reply.requestId)
      clearTimeout(outstanding.resend)
      onGrants(outstanding.request, reply.grants)
      if (this.#outstanding.size === 0) this.#flush()
    } catch (error) {
      log.warn({ err: error }, 'a lease reply was refused')
    }
  }
}

function moreOf(one: Ask, other: Ask): Ask {
  return {
    budgetId: one.budgetId,
    wantedNanoUsd: Math.max(one.wantedNanoUsd, other.wantedNanoUsd),
    neededNanoUsd: Math.max(one.neededNanoUsd, other.neededNanoUsd),
  }
}
