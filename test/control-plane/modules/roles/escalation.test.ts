import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createInstallation, type Installation } from '../../organization.ts'
import { actions, World } from './escalation-world.ts'

let installation: Installation
beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

/** Numbers that pick among whatever there is when a step is taken. */
const picks = fc.array(fc.nat(1_000), { minLength: 8, maxLength: 8 })
const role = fc.record({ picks, permissions: fc.array(fc.nat(1_000), { maxLength: 12 }) })
const step = fc.record({ action: fc.constantFrom(...actions), role })

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
    await fc.assert(run, { numRuns: 25 })
  }, 180_000)

  it('was tried in every way, with success and without', () => {
    expect([...done].sort()).toEqual([...actions].sort())
    expect([...refused].sort()).toEqual([...actions].sort())
  })
})
