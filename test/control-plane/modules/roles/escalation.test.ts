import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createInstallation, type Installation } from '../../organization.ts'
import { actions, type DrawnRole, World } from './escalation-world.ts'

let installation: Installation
beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

/** Numbers that pick among whatever there is when a step is taken. */
const picks = fc.array(fc.nat(1_000), { minLength: 8, maxLength: 8 })
const role: fc.Arbitrary<DrawnRole> = fc.record({ picks, permissions: fc.array(fc.nat(1_000), { maxLength: 12 }) })
const step = fc.record({ action: fc.constantFrom(...actions), role })

/** Nothing inherited, no workspace, everybody's rows, no user, no expiry; the token is the first. */
const plain: DrawnRole = { picks: [1, 0, 1, 0, 0, 0, 3, 0], permissions: [] }
const withPick = (index: number, pick: number): DrawnRole => ({
  ...plain,
  picks: plain.picks.with(index, pick),
})
/** Behind the three system roles and the one that the first token has. */
const created = withPick(0, 4)
/** Role 0 is the system's admin, from which a role whose first pick is 0 also inherits. */
const admin = withPick(0, 0)
/** Each action once with success and once without, whatever the random runs happen to do. */
const everyWay = [
  ...actions.map((action) => ({ action, role: action === 'createRole' ? plain : created })),
  ...actions.map((action) => ({ action, role: admin })),
]

const done = new Set<string>()
const refused = new Set<string>()

describe('whatever somebody does with their rights', () => {
  it('nothing that comes of it can do more, reach further or last longer than they', async () => {
    const run = fc.asyncProperty(
      fc.array(role, { minLength: 3, maxLength: 6 }),
      role,
      fc.array(step, { minLength: 10, maxLength: 20 }),
      async (others, first, steps) => {
        const world = await World.open(installation)
        for (const one of others) await world.createOther(one)
        await world.beginWith(first)
        for (const { action, role: drawn } of steps) {
          const isDone = await world.take(action, drawn)
          ;(isDone ? done : refused).add(action)
          await world.check()
        }
        await world.checkEnd()
      },
    )
    await fc.assert(run, { numRuns: 25, examples: [[[], plain, everyWay]] })
  }, 180_000)

  it('was tried in every way, with success and without', () => {
    expect([...done].sort()).toEqual([...actions].sort())
    expect([...refused].sort()).toEqual([...actions].sort())
  })
})
