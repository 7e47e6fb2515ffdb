import { afterAll, beforeAll, expect, it } from 'vitest'
import { patienceBatches } from '../../../control-plane/ingest/event-sources.ts'
import { createBudget, readWindows } from '../budgets.ts'
import { deliver, lease } from '../ledger.ts'
import { createInstallation, createOrganization, enrol, type Installation } from '../organization.ts'
import { SpendingDataPlane } from '../spending-data-plane.ts'

let installation: Installation
let organizationId: string
beforeAll(async () => {
  installation = await createInstallation()
  organizationId = await createOrganization(installation)
})
afterAll(() => installation.close())

it('money is not blocked for ever by a lost batch of a data plane process that is gone', async () => {
  const identity = await enrol(installation, organizationId)
  const budgetId = await createBudget(installation, organizationId, 1_000)
  const leased = async () => (await readWindows(installation, organizationId, budgetId))[0]?.leased

  const gone = new SpendingDataPlane(identity, 'run_1')
  await lease(installation, gone, budgetId, 400)
  gone.batch()
  for (const held of gone.leases) gone.close(held)
  await deliver(installation, organizationId, [gone.batch()])
  const blocked = await leased()
  expect(blocked).toBeGreaterThan(0)

  const next = new SpendingDataPlane(identity, 'run_2')
  const patient = Array.from({ length: patienceBatches - 1 }, () => next.batch())
  await deliver(installation, organizationId, patient)
  expect(await leased()).toBe(blocked)
  await deliver(installation, organizationId, [next.batch()])
  expect(await leased()).toBe(0)
})

it.each([
  ['before', (older: string, newer: string) => [older, newer]],
  ['behind', (older: string, newer: string) => [newer, older]],
])(
  'of two processes that tell of a lease in one transaction the later one counts, %s the other',
  async (_, order) => {
    const identity = await enrol(installation, organizationId)
    const budgetId = await createBudget(installation, organizationId, 1_000)
    const gone = new SpendingDataPlane(identity, 'run_1')
    await lease(installation, gone, budgetId, 400)
    const [held] = gone.leases
    if (!held) throw new Error('no lease')
    gone.batch()
    gone.close(held)
    const next = new SpendingDataPlane(identity, 'run_2')
    const closing = { type: 'lease.closed', leaseId: held.leaseId } as const
    await deliver(installation, organizationId, order(gone.batch(), next.batch([closing])))
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 0 }])
  },
)

it('what the next process of a data plane says again of a lease needs no batch of the one before', async () => {
  const identity = await enrol(installation, organizationId)
  const budgetId = await createBudget(installation, organizationId, 1_000)
  const gone = new SpendingDataPlane(identity, 'run_1')
  await lease(installation, gone, budgetId, 400)
  const [held] = gone.leases
  if (!held) throw new Error('no lease')
  // Its first batch is lost, and the process dies before it can send it again.
  gone.batch()
  gone.close(held)
  const last = gone.batch()
  await deliver(installation, organizationId, [last])
  const next = new SpendingDataPlane(identity, 'run_2')
  const again = next.batch([{ type: 'lease.closed', leaseId: held.leaseId }])
  await deliver(installation, organizationId, [next.batch()])
  expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 400 }])
  await deliver(installation, organizationId, [again])
  expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 0 }])
  // As late as it may be, and told twice: nothing is given back again.
  await deliver(installation, organizationId, [last, again])
  expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 0, settled: 0 }])
})
