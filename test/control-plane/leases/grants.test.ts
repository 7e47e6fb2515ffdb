import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LeaseGrant } from '../../../contract/leases.ts'
import { forgetRequests } from '../../../control-plane/leases/forget-requests.ts'
import { grantLeases } from '../../../control-plane/leases/grant-leases.ts'
import { createBudget, readWindows, setLimit } from '../budgets.ts'
import { deliver, grant } from '../ledger.ts'
import { createInstallation, createOrganization, enrol, type Installation } from '../organization.ts'
import { SpendingDataPlane } from '../spending-data-plane.ts'

let installation: Installation
let organizationId: string
let dataPlane: SpendingDataPlane
beforeAll(async () => {
  installation = await createInstallation()
  organizationId = await createOrganization(installation)
  dataPlane = new SpendingDataPlane(await enrol(installation, organizationId))
})
afterAll(() => installation.close())

const noon = Date.parse('2026-11-22T12:00:00Z')

async function lease(budgetId: string, wanted: number, needed: number, now = noon): Promise<LeaseGrant> {
  const request = dataPlane.request([{ budgetId, wantedNanoUsd: wanted, neededNanoUsd: needed }])
  const grants = await grant(installation, request, now)
  dataPlane.receive(request.id, grants)
  const [first] = grants
  if (!first) throw new Error('no grant')
  return first
}

function heldLease(leaseId: string | null) {
  const held = dataPlane.leases.find((candidate) => candidate.leaseId === leaseId)
  if (!held) throw new Error('no such lease')
  return held
}

const report = () => deliver(installation, organizationId, [dataPlane.batch()], noon)

describe('a grant', () => {
  it('is what is wanted while plenty is left, then shrinks to what is needed, then nothing', async () => {
    const budgetId = await createBudget(installation, organizationId, 10_000)
    const granted: number[] = []
    for (let index = 0; index < 9; index++) granted.push((await lease(budgetId, 4_000, 900)).grantedNanoUsd)
    expect(granted).toEqual([4_000, 3_000, 1_500, 900, 0, 0, 0, 0, 0])
    const last = await lease(budgetId, 4_000, 900)
    expect(last).toMatchObject({
      leaseId: null,
      limitNanoUsd: '10000',
      settledNanoUsd: '0',
      unleasedNanoUsd: '600',
    })
    expect((await lease(budgetId, 600, 600)).grantedNanoUsd).toBe(600)
  })

  it('is the same however often and by however many control planes at once the request is answered', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000_000)
    const request = dataPlane.request([{ budgetId, wantedNanoUsd: 100, neededNanoUsd: 10 }])
    const answers = await Promise.all(Array.from({ length: 8 }, () => grant(installation, request, noon)))
    for (const grants of answers) expect(grants).toEqual(answers[0])
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 100 }])
  })

  it('is the same where requests are answered together, one of them for the second time and one of them twice', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000_000)
    const other = new SpendingDataPlane(await enrol(installation, organizationId))
    const ask = (wantedNanoUsd: number) => [{ budgetId, wantedNanoUsd, neededNanoUsd: 10 }]
    const before = dataPlane.request(ask(100))
    const known = await grant(installation, before, noon)
    const twice = dataPlane.request(ask(200))
    const last = other.request(ask(300))
    const answers = await installation.database.transaction(organizationId, (em) =>
      grantLeases(em, organizationId, [twice, before, last, twice], noon),
    )
    expect(answers.map(([only]) => only?.grantedNanoUsd)).toEqual([200, 100, 300, 200])
    expect(answers[1]).toEqual(known)
    expect(answers[3]).toEqual(answers[0])
    expect(await grant(installation, last, noon)).toEqual(answers[2])
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 600 }])
    other.receive(last.id, answers[2] ?? [])
    expect(other.leases).toMatchObject([{ budgetId, remainingNanoUsd: 300 }])
  })

  it('is remembered for as long as its lease is open, and forgotten a week after it was closed', async () => {
    const { database } = installation
    const budgetId = await createBudget(installation, organizationId, 1_000)
    const request = dataPlane.request([{ budgetId, wantedNanoUsd: 100, neededNanoUsd: 10 }])
    const grants = await grant(installation, request, noon)
    dataPlane.receive(request.id, grants)
    const nextWeek = noon + 8 * 24 * 60 * 60 * 1000
    await forgetRequests(database, organizationId, nextWeek)
    expect(await grant(installation, request, nextWeek)).toEqual(grants)
    dataPlane.close(heldLease(grants[0]?.leaseId ?? null))
    await report()
    await forgetRequests(database, organizationId, nextWeek)
    const remembered = await database.transaction(organizationId, (em) =>
      em.execute('select id from lease_requests where id = ?', [request.id]),
    )
    expect(remembered).toEqual([])
  })

  it('is refused for a budget that does not exist, beside the others of the same request', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000)
    const ask = { wantedNanoUsd: 10, neededNanoUsd: 10 }
    const grants = await grant(
      installation,
      dataPlane.request([
        { ...ask, budgetId: 'bud_none' },
        { ...ask, budgetId },
      ]),
    )
    expect(grants).toMatchObject([{ leaseId: null, grantedNanoUsd: 0 }, { grantedNanoUsd: 10 }])
  })

  it('of many budgets never waits in a circle with another one', async () => {
    const budgets = await Promise.all(
      Array.from({ length: 12 }, () => createBudget(installation, organizationId, 1_000_000_000)),
    )
    const ask = (budgetId: string) => ({ budgetId, wantedNanoUsd: 10, neededNanoUsd: 10 })
    const requests = Array.from({ length: 30 }, (_, index) =>
      dataPlane.request((index % 2 ? budgets : budgets.toReversed()).map(ask)),
    )
    await Promise.all(requests.map((request) => grant(installation, request, noon)))
    for (const budgetId of budgets) {
      expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 300 }])
    }
  })

  it('comes from the window that the injected clock says, and a new window is whole again', async () => {
    const budgetId = await createBudget(installation, organizationId, 100, 'DAY')
    const today = await lease(budgetId, 100, 100)
    expect(today).toMatchObject({ grantedNanoUsd: 100, windowEndsAt: Date.parse('2026-11-23T00:00:00Z') })
    expect((await lease(budgetId, 1, 1, Date.parse('2026-11-22T23:59:59.999Z'))).grantedNanoUsd).toBe(0)
    expect((await lease(budgetId, 100, 100, Date.parse('2026-11-23T00:00:00Z'))).grantedNanoUsd).toBe(100)
    dataPlane.spend(heldLease(today.leaseId), 70)
    dataPlane.close(heldLease(today.leaseId))
    await report()
    // What was spent of yesterday's lease stays yesterday's.
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([
      { settled: 70, leased: 0 },
      { settled: 0, leased: 100 },
    ])
  })
})

describe('a limit that is lowered below what is gone', () => {
  it('breaks nothing and lets nothing more be granted until it is raised', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000)
    const first = await lease(budgetId, 400, 400)
    await setLimit(installation, organizationId, budgetId, 100)
    expect(await lease(budgetId, 1, 1)).toMatchObject({
      leaseId: null,
      limitNanoUsd: '100',
      unleasedNanoUsd: '0',
    })
    dataPlane.spend(heldLease(first.leaseId), 300)
    dataPlane.close(heldLease(first.leaseId))
    await report()
    expect(await lease(budgetId, 1, 1)).toMatchObject({ leaseId: null, settledNanoUsd: '300' })
    await setLimit(installation, organizationId, budgetId, 301)
    expect((await lease(budgetId, 1, 1)).grantedNanoUsd).toBe(1)
  })
})

describe('a provider that bills more than was reserved', () => {
  it('is charged truthfully: beyond the limit as overdrawn, which blocks grants until there is room', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000)
    const first = await lease(budgetId, 1_000, 1_000)
    dataPlane.overspend(heldLease(first.leaseId), 1_300)
    await report()
    expect(await readWindows(installation, organizationId, budgetId)).toEqual([
      { ceiling: 1_000, settled: 1_000, leased: 0, overdrawn: 300 },
    ])
    await setLimit(installation, organizationId, budgetId, 1_200)
    expect(await lease(budgetId, 1, 1)).toMatchObject({ leaseId: null, settledNanoUsd: '1300' })
    await setLimit(installation, organizationId, budgetId, 1_400)
    expect((await lease(budgetId, 100, 100)).grantedNanoUsd).toBe(100)
    expect(await readWindows(installation, organizationId, budgetId)).toEqual([
      { ceiling: 1_400, settled: 1_300, leased: 100, overdrawn: 0 },
    ])
  })

  it('takes the room that other money leaves when it comes back', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000)
    const [first, second] = [await lease(budgetId, 400, 400), await lease(budgetId, 600, 600)]
    dataPlane.overspend(heldLease(first.leaseId), 500)
    await report()
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([
      { settled: 400, leased: 600, overdrawn: 100 },
    ])
    dataPlane.close(heldLease(second.leaseId))
    await report()
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([
      { settled: 500, leased: 0, overdrawn: 0 },
    ])
  })
})
