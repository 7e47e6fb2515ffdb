import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBudget } from '../budgets.ts'
import { deliver, lease } from '../ledger.ts'
import { createInstallation, createOrganization, enrol, type Installation } from '../organization.ts'
import { SpendingDataPlane } from '../spending-data-plane.ts'

const limit = 1_000
const calls = 10

let installation: Installation
let organizationId: string
beforeAll(async () => {
  installation = await createInstallation()
  organizationId = await createOrganization(installation)
})
afterAll(() => installation.close())

/** A data plane that has leased half of the budget, and spends it call by call, each in a batch of its own. */
async function spendHalf(budgetId: string): Promise<string[]> {
  const plane = new SpendingDataPlane(await enrol(installation, organizationId))
  await lease(installation, plane, budgetId, limit / 2)
  return Array.from({ length: calls }, () => {
    for (const held of plane.leases) plane.spend(held, limit / 2 / calls)
    return plane.batch()
  })
}

/** As one of several control planes does. */
const takeIn = (body: string) => deliver(installation, organizationId, [body])

it('each threshold is told once, however many control planes take in what was spent, and how often it comes', async () => {
  const budgetId = await createBudget(installation, organizationId, limit)
  const batches = [...(await spendHalf(budgetId)), ...(await spendHalf(budgetId))]
  await Promise.all([...batches, ...batches].map(takeIn))
  const { database } = installation
  const crossings = await database.transaction(organizationId, (em) =>
    em.execute<object[]>(
      'select percent, settled_nano_usd::int as settled from budget_crossings where budget_id = ? order by id',
      [budgetId],
    ),
  )
  expect(crossings).toEqual([
    { percent: 50, settled: 500 },
    { percent: 80, settled: 800 },
    { percent: 100, settled: 1_000 },
  ])
  const audited = await database.transaction(organizationId, (em) =>
    em.execute<object[]>("select 1 from audit_events where type = 'budget.threshold_crossed'"),
  )
  expect(audited).toHaveLength(3)
})
