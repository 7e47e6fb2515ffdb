import pg from 'pg'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startReconciler } from '../../../control-plane/leases/reconciler.ts'
import { createMemoryTransport } from '../../../transport/memory/create.ts'
import { createBudget } from '../budgets.ts'
import { deliver, lease, reconcile } from '../ledger.ts'
import { createInstallation, createOrganization, enrol, type Installation } from '../organization.ts'
import { SpendingDataPlane } from '../spending-data-plane.ts'

let installation: Installation
/** Sees past every wall. */
let superuser: pg.Client
let organizationId: string
let dataPlane: SpendingDataPlane

beforeEach(async () => {
  installation = await createInstallation()
  superuser = new pg.Client({ connectionString: installation.superuserUrl })
  await superuser.connect()
  organizationId = await createOrganization(installation)
  dataPlane = new SpendingDataPlane(await enrol(installation, organizationId))
  await look()
})
afterEach(async () => {
  await superuser.end()
  await installation.close()
})

const look = () => reconcile(installation, organizationId)

/** A budget of 10 000 of which 300 are spent and 400 are left on a lease. */
async function spentBudget(): Promise<string> {
  const budgetId = await createBudget(installation, organizationId, 10_000)
  await lease(installation, dataPlane, budgetId, 700)
  const open = dataPlane.leases.at(-1)
  if (open) dataPlane.spend(open, 300)
  await deliver(installation, organizationId, [dataPlane.batch()])
  return budgetId
}

describe('books that agree', () => {
  it('show no drift before, during and after a lease, nor when a provider bills more than was set aside', async () => {
    const budgetId = await spentBudget()
    expect(await look()).toEqual([])
    const [open] = dataPlane.leases
    if (!open) throw new Error('no lease')
    dataPlane.overspend(open, 20_000)
    await deliver(installation, organizationId, [dataPlane.batch()])
    expect(await look()).toEqual([])
    dataPlane.close(open)
    await deliver(installation, organizationId, [dataPlane.batch()])
    expect(await look()).toEqual([])
    // Not counted for good before every older transaction of the server has ended, those of other databases among them.
    const counted = async () => {
      expect(await look()).toEqual([])
      const { rows } = await superuser.query('select nano_usd from budget_charges where budget_id = $1', [
        budgetId,
      ])
      return rows
    }
    await expect.poll(counted, { timeout: 50_000 }).toEqual([{ nano_usd: '20300' }])
  })

  it('never look as if they did not while others grant, settle and close, some of them slowly', async () => {
    const budgets = await Promise.all(
      [1, 2, 3].map(() => createBudget(installation, organizationId, 1_000_000)),
    )
    const others = await Promise.all(
      [1, 2, 3].map(async () => new SpendingDataPlane(await enrol(installation, organizationId))),
    )
    // A transaction that began earlier and ends later than many others: what they committed is not final before.
    const straggler = new pg.Client({ connectionString: installation.superuserUrl })
    await straggler.connect()
    let looks = 0
    let isSpending = true
    const spend = async (from: SpendingDataPlane) => {
      for (let round = 0; round < 12; round++) {
        for (const budgetId of budgets) await lease(installation, from, budgetId, 100)
        for (const held of from.leases) from.spend(held, 30)
        await deliver(installation, organizationId, [from.batch()])
        for (const held of from.leases.slice(0, -2)) from.close(held)
        await deliver(installation, organizationId, [from.batch()])
      }
    }
    const lookOn = async () => {
      while (isSpending) {
        expect(await look()).toEqual([])
        looks++
      }
    }
    const straggle = async () => {
      while (isSpending) {
        await straggler.query('begin; select pg_current_xact_id()')
        for (let turn = 0; turn < 5 && isSpending; turn++) await straggler.query('select pg_sleep(0.01)')
        await straggler.query('commit')
      }
    }
    const spending = Promise.all(others.map(spend)).finally(() => {
      isSpending = false
    })
    await Promise.all([spending, lookOn(), straggle()])
    await straggler.end()
    expect(looks).toBeGreaterThan(3)
    expect(await look()).toEqual([])
  })
})

describe('books that do not agree', () => {
  it.each([
    [
      'a window that forgets a charge',
      'update budget_windows set settled = settled - 7',
      { spent: 293n, charged: 300n },
    ],
    [
      'a window that settles what nobody spent',
      'update budget_windows set settled = settled + 5',
      { spent: 305n, charged: 300n },
    ],
    [
      'money that stays leased to nobody',
      'update budget_windows set leased = leased + 9',
      { leased: 409n, remaining: 400n },
    ],
    [
      'a lease that came back twice',
      'update budget_leases set remaining = remaining - 50',
      { leased: 400n, remaining: 350n },
    ],
    [
      'a lease that is closed and was not returned',
      'update budget_leases set closed_at = now()',
      { leased: 400n, remaining: 0n },
    ],
    [
      'an overdraft that nobody made',
      'update budget_windows set overdrawn = 3',
      { spent: 303n, charged: 300n },
    ],
  ])('are found: %s', async (_, harm, drift) => {
    const budgetId = await spentBudget()
    await spentBudget()
    await superuser.query(`${harm} where org_id = $1 and budget_id = $2`, [organizationId, budgetId])
    // Counted for good or not, a drift stays until it is mended.
    expect(await look()).toMatchObject([{ budgetId, ...drift }])
    expect(await look()).toMatchObject([{ budgetId, ...drift }])
  })

  it('are found when a call is recorded and not settled', async () => {
    const budgetId = await spentBudget()
    await superuser.query(
      `insert into usage_records select (jsonb_populate_record(usage,
         '{"id": "call_z", "attempt_id": "never_settled"}')).* from usage_records usage where org_id = $1`,
      [organizationId],
    )
    expect(await look()).toMatchObject([{ budgetId, spent: 300n, charged: 600n }])
  })
})

it('a database that was filled from a dump is taken at its word, and followed from there', async () => {
  const budgetId = await spentBudget()
  await look()
  // As rows arrive from a server that had come much further in its transactions.
  await superuser.query(
    `update usage_records set transaction_id = (transaction_id::text::bigint + 1000000)::text::xid8 where org_id = $1`,
    [organizationId],
  )
  expect(await look()).toEqual([])
  await spentBudget()
  expect(await look()).toEqual([])
  await superuser.query('update budget_windows set settled = settled - 1 where budget_id = $1', [budgetId])
  expect(await look()).toMatchObject([{ budgetId, spent: 299n, charged: 300n }])
})

it('of several control planes one looks at a time, each tells the same, and a drift is logged once', async () => {
  const budgetId = await spentBudget()
  await superuser.query('update budget_windows set leased = leased + 11 where budget_id = $1', [budgetId])
  const lines: { msg: string; leasedNanoUsd?: string }[] = []
  const log = pino({ level: 'error' }, { write: (line) => void lines.push(JSON.parse(line)) })
  const transport = createMemoryTransport().controlPlane()
  const { database, secrets } = installation
  const start = () => startReconciler({ database, secrets, transport, log, now: Date.now }, 40)
  const reconcilers = [start(), start()]
  const all = () => reconcilers.map(({ books }) => books.driftNanoUsd)
  await expect.poll(all, { timeout: 50_000 }).toEqual([11n, 11n])
  await superuser.query('update budget_windows set leased = leased - 11 where budget_id = $1', [budgetId])
  await expect.poll(all, { timeout: 50_000 }).toEqual([0n, 0n])
  for (const reconciler of reconcilers) await reconciler.stop()
  const told = lines.filter(({ msg }) => msg === 'the books of a budget do not agree')
  expect(told.length).toBeGreaterThan(0)
  expect(told.length).toBeLessThanOrEqual(2)
  expect(told[0]).toMatchObject({ budgetId, leasedNanoUsd: '411', remainingNanoUsd: '400' })
})
