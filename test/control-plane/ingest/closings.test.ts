import { afterAll, beforeAll, expect, it } from 'vitest'
import { patienceBatches } from '../../../control-plane/ingest/event-sources.ts'
import { ingestEntries } from '../../../control-plane/ingest/ingest-entries.ts'
import { grantLeases } from '../../../control-plane/leases/grant-leases.ts'
import { createBudget, readWindows } from '../budgets.ts'
import { createInstallation, createOrganization, enrol, type Installation } from '../organization.ts'
import { SpendingDataPlane } from '../spending-data-plane.ts'

let installation: Installation
let organizationId: string
beforeAll(async () => {
  installation = await createInstallation()
  organizationId = await createOrganization(installation)
})
afterAll(() => installation.close())

function deliver(bodies: readonly string[]): Promise<unknown> {
  const entries = bodies.map((body, index) => ({ id: `${index}-0`, organizationId, body }))
  return installation.database.transaction(organizationId, (em) =>
    ingestEntries(em, organizationId, entries, Date.now()),
  )
}

it('money is not blocked for ever by a lost batch of a data plane process that is gone', async () => {
  const identity = await enrol(installation, organizationId)
  const budgetId = await createBudget(installation, organizationId, 1_000)
  const leased = async () => (await readWindows(installation, organizationId, budgetId))[0]?.leased

  const gone = new SpendingDataPlane(identity, 'run_1')
  const request = gone.request([{ budgetId, wantedNanoUsd: 400, neededNanoUsd: 100 }])
  gone.receive(
    request.id,
    await installation.database.transaction(organizationId, (em) => grantLeases(em, request, Date.now())),
  )
  gone.batch()
  for (const lease of gone.leases) gone.close(lease)
  await deliver([gone.batch()])
  const blocked = await leased()
  expect(blocked).toBeGreaterThan(0)

  const next = new SpendingDataPlane(identity, 'run_2')
  await deliver(Array.from({ length: patienceBatches - 1 }, () => next.batch()))
  expect(await leased()).toBe(blocked)
  await deliver([next.batch()])
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
    const request = gone.request([{ budgetId, wantedNanoUsd: 400, neededNanoUsd: 100 }])
    gone.receive(
      request.id,
      await installation.database.transaction(organizationId, (em) => grantLeases(em, request, Date.now())),
    )
    const [lease] = gone.leases
    if (!lease) throw new Error('no lease')
    gone.batch()
    gone.close(lease)
    const next = new SpendingDataPlane(identity, 'run_2')
    await deliver(order(gone.batch(), next.batch([{ type: 'lease.closed', leaseId: lease.leaseId }])))
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 0 }])
  },
)

it('what the next process of a data plane says again of a lease needs no batch of the one before', async () => {
  const identity = await enrol(installation, organizationId)
  const budgetId = await createBudget(installation, organizationId, 1_000)
  const gone = new SpendingDataPlane(identity, 'run_1')
  const request = gone.request([{ budgetId, wantedNanoUsd: 400, neededNanoUsd: 100 }])
  gone.receive(
    request.id,
    await installation.database.transaction(organizationId, (em) => grantLeases(em, request, Date.now())),
  )
  const [lease] = gone.leases
  if (!lease) throw new Error('no lease')
  // Its first batch is lost, and the process dies before it can send it again.
  gone.batch()
  gone.close(lease)
  const last = gone.batch()
  await deliver([last])
  const next = new SpendingDataPlane(identity, 'run_2')
  const again = next.batch([{ type: 'lease.closed', leaseId: lease.leaseId }])
  await deliver([next.batch()])
  expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 400 }])
  await deliver([again])
  expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 0 }])
  // As late as it may be, and told twice: nothing is given back again.
  await deliver([last, again])
  expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 0, settled: 0 }])
})
