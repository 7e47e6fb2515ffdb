import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemActor } from '../../../control-plane/actor.ts'
import { recordUsage } from '../../../control-plane/modules/usage/index.ts'
import { pruneMinutes } from '../../../control-plane/modules/usage/pruning.ts'
import { summarizeUsage } from '../../../control-plane/modules/usage/summary.ts'
import { minutesKeptMs } from '../../../control-plane/modules/usage/sums.ts'
import { createInstallation, createOrganization, type Installation, quietServices } from '../organization.ts'
import { callFinished } from '../spending-data-plane.ts'
import { sumAllCalls } from './sum-all-calls.ts'

const now = Date.parse('2026-11-22T17:23:41Z')
const day = 86_400_000
const ages = [0, 5 * day, 6 * day, 7 * day - 60_000, 7 * day + 60_000, 8 * day, 30 * day]

// Without a control plane, whose own pruning would come in between.
let installation: Installation
beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

it('sums of minutes are kept for a week, and what is summed by minutes is the same once the older ones are gone', async () => {
  const { database } = installation
  const services = quietServices(installation, () => now)
  const organizationId = await createOrganization(installation)
  const strangerId = await createOrganization(installation)
  for (const id of [organizationId, strangerId]) {
    const reported = ages.map((age) => ({
      dataPlaneId: 'dp_1',
      call: callFinished({ startedAt: now - age, costNanoUsd: 1 + age }),
    }))
    await database.transaction(id, (em) => recordUsage(em, id, reported))
    await sumAllCalls(database, id)
  }
  const kept = (id: string) =>
    database.transaction(id, (em) =>
      em.execute<{ at: Date }[]>('select at from usage_by_model_minute order by at desc'),
    )
  const summarize = () =>
    Promise.all(
      ages.map((age) =>
        summarizeUsage(services, systemActor(organizationId), {
          groupBy: ['MODEL'],
          interval: 'MINUTE',
          filter: { from: new Date(now - age - 3_600_000), to: new Date(now - age + 3_600_000) },
        }),
      ),
    )
  const summed = await summarize()
  expect(summed.map((groups) => groups.length)).toEqual([1, 1, 1, 2, 2, 1, 1])

  const before = new Date(now - minutesKeptMs)
  expect(await pruneMinutes(database, organizationId, before, 2)).toBe(true)
  expect(await kept(organizationId)).toHaveLength(ages.length - 2)
  expect(await pruneMinutes(database, organizationId, before, 2)).toBe(false)
  const oldest = (await kept(organizationId)).map(({ at }) => new Date(at).getTime())
  expect(oldest).toHaveLength(ages.filter((age) => age < 7 * day).length)
  expect(await kept(strangerId)).toHaveLength(ages.length)
  expect(await summarize()).toEqual(summed)
})
