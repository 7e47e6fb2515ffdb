import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LeaseGrant, LeaseRequest } from '../../../contract/leases.ts'
import type { Ask } from '../../../data-plane/host/lease-desk.ts'
import { LeaseLedger, leaseWaitMs } from '../../../data-plane/host/ledger.ts'
import type { BudgetNode, Hold, Shortfall } from '../../../plugins/sdk/builtin.ts'

/** The control plane's books: one window per budget, `settled + leased <= limit`, each request granted once. */
class Books {
  readonly limits: Map<string, number>
  readonly leases = new Map<string, { budgetId: string; left: number; open: boolean }>()
  readonly settled = new Map<string, number>()
  readonly #replies = new Map<string, LeaseGrant[]>()
  windowEndsAt: number | null = null

  constructor(limits: Record<string, number>) {
    this.limits = new Map(Object.entries(limits))
  }

  answer(request: LeaseRequest): LeaseGrant[] {
    const known = this.#replies.get(request.id)
    if (known) return known
    const grants = request.asks.map((ask) => this.#grant(ask))
    this.#replies.set(request.id, grants)
    return grants
  }

  leased(budgetId: string): number {
    let sum = 0
    for (const lease of this.leases.values()) if (lease.open && lease.budgetId === budgetId) sum += lease.left
    return sum
  }

  charge(leaseId: string, nanoUsd: number): void {
    const lease = this.leases.get(leaseId)
    if (!lease?.open) throw new Error(`charge on lease ${leaseId}, which is not open`)
    lease.left -= nanoUsd
    if (lease.left < 0) throw new Error(`lease ${leaseId} was overspent`)
    this.settled.set(lease.budgetId, (this.settled.get(lease.budgetId) ?? 0) + nanoUsd)
  }

  close(leaseId: string): void {
    const lease = this.leases.get(leaseId)
    if (!lease?.open) throw new Error(`lease ${leaseId} was closed twice`)
    lease.open = false
  }

  #grant({ budgetId, wantedNanoUsd, neededNanoUsd }: Ask): LeaseGrant {
    const limit = this.limits.get(budgetId) ?? 0
    const settled = this.settled.get(budgetId) ?? 0
    const unleased = limit - settled - this.leased(budgetId)
    const granted =
      wantedNanoUsd <= unleased / 2 ? wantedNanoUsd : neededNanoUsd <= unleased ? neededNanoUsd : 0
    const leaseId = granted > 0 ? `lease_${this.leases.size + 1}` : null
    if (leaseId) this.leases.set(leaseId, { budgetId, left: granted, open: true })
    return {
      budgetId,
      leaseId,
      grantedNanoUsd: granted,
      windowEndsAt: this.windowEndsAt,
      limitNanoUsd: String(limit),
      settledNanoUsd: String(settled),
      unleasedNanoUsd: String(unleased - granted),
    }
  }
}

/** @param unanswered what the process before had asked for */
function setUp(limits: Record<string, number>, unanswered: readonly Ask[] = []) {
  const books = new Books(limits)
  const requests: LeaseRequest[] = []
  const ledger = new LeaseLedger(
    {
      ask: (ask) => requests.push(requestFor(`request_${requests.length + 1}`, [ask])),
      journal: { granted() {}, closed: (leaseId) => books.close(leaseId), confirmation: () => () => true },
      now: () => Date.now(),
      log: { warn() {}, error() {} },
    },
    [],
    unanswered,
  )
  const answered = new Set<string>()
  /** Like the desk, hands each request's reply to the ledger once. */
  const reply = (request: LeaseRequest | undefined) => {
    if (!request) return
    const grants = books.answer(request)
    if (answered.has(request.id)) return
    answered.add(request.id)
    ledger.onGrants(request, grants)
  }
  const nodes = (...ids: string[]): BudgetNode[] =>
    ids.map((id) => ({ id, scope: 'team', limitNanoUsd: String(limits[id]) }))
  const end = (hold: Hold, nanoUsd: number) => {
    for (const charge of ledger.settle(hold, nanoUsd)) books.charge(charge.leaseId, charge.nanoUsd)
    ledger.recorded(hold)
  }
  return { books, requests, ledger, reply, nodes, end }
}

function requestFor(id: string, asks: Ask[]): LeaseRequest {
  return { format: 1, id, organizationId: 'org_1', dataPlaneId: 'dp_1', asks }
}

const isHold = (result: Hold | Shortfall): result is Hold => 'charges' in result

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the ledger', () => {
  it('answers from memory while every level is covered, and asks for nothing then', async () => {
    const { ledger, requests, reply, nodes } = setUp({ team: 1_000_000, customer: 1_000_000 })
    const first = ledger.reserve(nodes('team', 'customer'), 100)
    requests.slice().forEach(reply)
    expect(isHold(await first)).toBe(true)
    const second = ledger.reserve(nodes('team', 'customer'), 100)
    expect(second).toMatchObject({ nanoUsd: 100 })
  })

  it('refuses with the facts of the grant when the budget has no room', async () => {
    const { ledger, requests, reply, nodes, books } = setUp({ team: 50 })
    books.windowEndsAt = Date.parse('2023-12-01T00:00:00Z')
    const result = ledger.reserve(nodes('team'), 100)
    requests.slice().forEach(reply)
    expect(await result).toEqual({
      reason: 'exceeded',
      scope: 'team',
      budgetId: 'team',
      limitNanoUsd: '50',
      settledNanoUsd: '0',
      resetsAt: '2023-12-01T00:00:00.000Z',
    })
    expect(ledger.reserve(nodes('team'), 100)).toMatchObject({ reason: 'exceeded' })
    expect(requests).toHaveLength(1)
  })

  it('keeps a refusal for a budget that an override has raised, and asks anew once the configured limit is another', async () => {
    const { ledger, requests, reply, nodes, books } = setUp({ team: 50 })
    const underOverride = nodes('team').map((node) => ({ ...node, limitNanoUsd: '20' }))
    const result = ledger.reserve(underOverride, 100)
    requests.slice().forEach(reply)
    expect(await result).toMatchObject({ reason: 'exceeded', limitNanoUsd: '50' })
    expect(ledger.reserve(underOverride, 100)).toMatchObject({ reason: 'exceeded' })
    expect(requests).toHaveLength(1)
    books.limits.set('team', 200)
    const raised = nodes('team').map((node) => ({ ...node, limitNanoUsd: '170' }))
    const served = ledger.reserve(raised, 100)
    requests.slice().forEach(reply)
    expect(await served).toMatchObject({ nanoUsd: 100 })
  })

  it('hears of an override, which no configuration tells, half a second after it was refused', async () => {
    const { ledger, requests, reply, nodes, books } = setUp({ team: 50 })
    const result = ledger.reserve(nodes('team'), 100)
    requests.slice().forEach(reply)
    expect(await result).toMatchObject({ reason: 'exceeded' })
    books.limits.set('team', 200)
    vi.advanceTimersByTime(500)
    const served = ledger.reserve(nodes('team'), 100)
    requests.slice().forEach(reply)
    expect(await served).toMatchObject({ nanoUsd: 100 })
  })

  it('says unavailable when nobody answers in time, and at once while that lasts', async () => {
    const { ledger, nodes } = setUp({ team: 1000 })
    const result = ledger.reserve(nodes('team'), 100)
    await vi.advanceTimersByTimeAsync(leaseWaitMs)
    expect(await result).toMatchObject({ reason: 'unavailable', scope: 'team' })
    expect(ledger.reserve(nodes('team'), 100)).toMatchObject({ reason: 'unavailable' })
  })

  it('admits no call on a lease whose window is over, and gives it back', async () => {
    const { ledger, requests, reply, nodes, books, end } = setUp({ team: 1_000_000 })
    books.windowEndsAt = Date.now() + 1000
    const first = ledger.reserve(nodes('team'), 100)
    requests.slice().forEach(reply)
    end(await Promise.resolve(first).then((hold) => hold as Hold), 40)
    vi.advanceTimersByTime(1000)
    expect(ledger.reserve(nodes('team'), 100)).toBeInstanceOf(Promise)
    ledger.sweep()
    expect([...books.leases.values()].every(({ open }) => !open)).toBe(true)
  })

  it('waits for what the process before it had asked for, and asks for no more meanwhile', async () => {
    const ask = { budgetId: 'team', wantedNanoUsd: 100, neededNanoUsd: 100 }
    const { ledger, requests, reply, nodes } = setUp({ team: 1_000 }, [ask])
    const waiting = ledger.reserve(nodes('team'), 100)
    expect(requests).toEqual([])
    reply(requestFor('before', [ask]))
    expect(isHold(await waiting)).toBe(true)
  })

  it('knows of every lease that an answer grants, also where earlier releases asked twice for one budget', async () => {
    const ask = { budgetId: 'team', wantedNanoUsd: 100, neededNanoUsd: 100 }
    const { ledger, reply, books } = setUp({ team: 1_000 })
    reply(requestFor('twice', [ask, ask]))
    expect(ledger.leased).toMatchObject([{ freeNanoUsd: 200 }])
    vi.advanceTimersByTime(1_500)
    ledger.sweep()
    expect(books.leased('team')).toBe(0)
  })

  it('lets a call wait for what other calls have set aside when the money is not spent', async () => {
    const { ledger, requests, reply, nodes, end } = setUp({ team: 100 })
    const first = ledger.reserve(nodes('team'), 100)
    requests.slice().forEach(reply)
    const second = ledger.reserve(nodes('team'), 80)
    requests.slice().forEach(reply)
    end((await first) as Hold, 10)
    expect(await second).toMatchObject({ nanoUsd: 80 })
  })

  it('settles a hold once, however often it is asked to', async () => {
    const { ledger, requests, reply, nodes } = setUp({ team: 1000 })
    const held = ledger.reserve(nodes('team'), 100)
    requests.slice().forEach(reply)
    const hold = (await held) as Hold
    const charges = ledger.settle(hold, 30)
    expect(ledger.settle(hold, 99)).toBe(charges)
    expect(charges).toEqual([{ leaseId: 'lease_1', nanoUsd: 30 }])
  })

  it('charges what a call cost beyond its hold, and lends that money to nobody', async () => {
    const { ledger, requests, reply, nodes } = setUp({ team: 1000 })
    const held = ledger.reserve(nodes('team'), 100)
    requests.slice().forEach(reply)
    const charges = ledger.settle((await held) as Hold, 230)
    expect(charges).toEqual([{ leaseId: 'lease_1', nanoUsd: 230 }])
    expect(ledger.reserve(nodes('team'), 0)).toBeInstanceOf(Promise)
  })

  it('never spends more than was granted and gives everything back, under lost, doubled and late replies', async () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('reserve' as const),
        budgets: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
        nanoUsd: fc.integer({ min: 0, max: 400 }),
      }),
      fc.record({
        do: fc.constant('settle' as const),
        index: fc.nat(),
        share: fc.integer({ min: 0, max: 100 }),
      }),
      fc.record({ do: fc.constant('reply' as const), index: fc.nat() }),
      fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const { books, requests, ledger, reply, nodes, end } = setUp({ a: 1000, b: 2000, c: 700 })
        const holds: Hold[] = []
        const pending: Promise<void>[] = []
        for (const one of steps) {
          if (one.do === 'reserve') {
            const result = Promise.resolve(ledger.reserve(nodes(...one.budgets), one.nanoUsd))
            pending.push(result.then((hold) => void (isHold(hold) && holds.push(hold))))
          } else if (one.do === 'settle') {
            const [hold] = holds.splice(one.index % Math.max(1, holds.length), 1)
            if (hold) end(hold, Math.floor((hold.nanoUsd * one.share) / 100))
          } else if (one.do === 'reply') reply(requests[one.index % Math.max(1, requests.length)])
          else {
            await vi.advanceTimersByTimeAsync(one.ms)
            ledger.sweep()
          }
          await Promise.resolve()
          for (const [id, limit] of books.limits) {
            expect((books.settled.get(id) ?? 0) + books.leased(id)).toBeLessThanOrEqual(limit)
          }
        }
        await vi.advanceTimersByTimeAsync(leaseWaitMs)
        await Promise.all(pending)
        for (const hold of holds) end(hold, hold.nanoUsd)
        for (const request of requests) reply(request)
        await vi.advanceTimersByTimeAsync(5000)
        ledger.sweep()
        expect([...books.leases.values()].filter(({ open }) => open)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
