import { generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { openHoldings } from '../../../contract/budget-holdings.ts'
import type { LeaseGrant } from '../../../contract/leases.ts'
import { HoldingsReport } from '../../../data-plane/host/holdings-report.ts'
import { LeaseLedger } from '../../../data-plane/host/ledger.ts'
import type { BudgetNode, Hold } from '../../../plugins/sdk/builtin.ts'

const strict: BudgetNode = { id: 'bud_s', scope: 'team', limitNanoUsd: '1000000' }
const balanced: BudgetNode = { id: 'bud_b', scope: 'virtual_key', limitNanoUsd: '1000000', mode: 'balanced' }
const signing = generateKeyPairSync('ed25519')

let now: number
let ledger: LeaseLedger
let report: HoldingsReport
let published: string[]
let isDown: boolean
let warned: number[]

function lease(budgetId: string, leaseId: string, nanoUsd: number, windowEndsAt: number | null = null): void {
  const ask = { budgetId, wantedNanoUsd: nanoUsd, neededNanoUsd: nanoUsd }
  const grant: LeaseGrant = {
    ...{ budgetId, leaseId, grantedNanoUsd: nanoUsd, windowEndsAt },
    ...{ limitNanoUsd: '1000000', settledNanoUsd: '0', unleasedNanoUsd: '0' },
  }
  const request = {
    format: 1 as const,
    id: leaseId,
    organizationId: 'org_1',
    dataPlaneId: 'dp_1',
    asks: [ask],
  }
  ledger.onGrants(request, [grant])
}

const reserve = (budgets: readonly BudgetNode[], most: number, likely?: number) =>
  ledger.reserve(budgets, most, likely) as Hold

/** What was said last, opened as the control plane does. */
const said = () =>
  openHoldings(published.at(-1) ?? '', (id) => (id === 'dp_1' ? signing.publicKey : undefined)).holdings

beforeEach(() => {
  now = 1_700_000_000_000
  published = []
  isDown = false
  warned = []
  const log = { info() {}, error() {}, warn: () => warned.push(now) }
  const journal = { granted() {}, closed() {}, confirmation: () => () => true }
  ledger = new LeaseLedger({ ask() {}, journal, now: () => now, log })
  const store = {
    async publish(document: string) {
      if (isDown) throw new Error('gone')
      published.push(document)
    },
  }
  report = new HoldingsReport({
    ...{ store, organizationId: 'org_1', dataPlaneId: 'dp_1', now: () => now, log },
    signingKey: { id: 'dp_1', privateKey: signing.privateKey },
    holdings: () => ledger.holdings,
  })
})

describe('what a data plane tells of its leases [B3]', () => {
  it('is what calls under way have set aside on each budget, and nothing once they have ended', async () => {
    lease('bud_s', 'lea_1', 500)
    lease('bud_b', 'lea_2', 500)
    const holds = [reserve([strict, balanced], 100, 40), reserve([strict], 70)]
    await report.tell()
    expect(said()).toMatchObject({ format: 1, organizationId: 'org_1', dataPlaneId: 'dp_1', at: now })
    expect(said().budgets).toEqual([
      {
        ...{ budgetId: 'bud_s', held: [{ windowEndsAt: null, nanoUsd: 170 }] },
        ...{ overspendBoundNanoUsd: 0, unboundedCalls: 0 },
      },
      {
        ...{ budgetId: 'bud_b', held: [{ windowEndsAt: null, nanoUsd: 40 }] },
        ...{ overspendBoundNanoUsd: 60, unboundedCalls: 0 },
      },
    ])
    for (const hold of holds) ledger.settle(hold, 30)
    await report.tell()
    expect(said().budgets).toEqual([])
  })

  it('keeps calls that began in an earlier window apart', async () => {
    const endsAt = now + 1_000
    lease('bud_s', 'lea_1', 100, endsAt)
    reserve([strict], 100)
    now = endsAt
    lease('bud_s', 'lea_2', 100, endsAt + 1_000)
    reserve([strict], 60)
    await report.tell()
    expect(said().budgets[0]?.held).toEqual([
      { windowEndsAt: endsAt, nanoUsd: 100 },
      { windowEndsAt: endsAt + 1_000, nanoUsd: 60 },
    ])
  })

  it('has the calls that nobody can bound by their number', async () => {
    lease('bud_b', 'lea_1', 500)
    reserve([balanced], Number.POSITIVE_INFINITY, 40)
    await report.tell()
    expect(said().budgets[0]).toMatchObject({ overspendBoundNanoUsd: 0, unboundedCalls: 1 })
  })

  it('is told when it changes, else every five seconds, so that the store never forgets it', async () => {
    lease('bud_s', 'lea_1', 500)
    for (let second = 0; second < 12; second += 1) {
      await report.tell()
      now += 1_000
    }
    expect(published).toHaveLength(3)
    reserve([strict], 100)
    await report.tell()
    expect(published).toHaveLength(4)
  })

  it('is told again once the store is back, and warned of once while it is away', async () => {
    isDown = true
    await report.tell()
    await report.tell()
    expect(warned).toHaveLength(1)
    isDown = false
    await report.tell()
    expect(said().budgets).toEqual([])
  })
})
