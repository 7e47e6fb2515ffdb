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

/** Nothing inherited, everywhere, everybody's rows, without an end; `first` picks the role that is acted on. */
const draw = (first: number, permissions: readonly number[] = []) => ({
  picks: [first, 0, 1, 0, 0, 0, 3, 0],
  permissions,
})

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
          await world.take(action, drawn)
          await world.check()
        }
        await world.checkEnd()
      },
    )
    await fc.assert(run, { numRuns: 25 })
  }, 180_000)

  it('every way of giving is open to them within their rights, and closed beyond', async () => {
    const world = await World.open(installation)
    await world.beginWith(draw(1))
    const [admin, made] = [0, 4]
    const manyPermissions = Array.from({ length: 12 }, (_, index) => index)
    expect(await world.take('createRole', draw(1))).toBe(true)
    expect(await world.take('createRole', draw(1, manyPermissions))).toBe(false)
    for (const action of ['updateRole', 'assignRole', 'issueApiToken'] as const) {
      expect(await world.take(action, draw(made))).toBe(true)
      expect(await world.take(action, draw(admin))).toBe(false)
    }
    await world.check()
  })

  it('no role that somebody else has gains by rights that end', async () => {
    const world = await World.open(installation)
    for (const other of [draw(1), draw(1)]) await world.createOther(other)
    const forAWhile = (first: number) => ({ picks: [first, 0, 1, 0, 0, 0, 1, 0], permissions: [0] })
    await world.beginWith(forAWhile(1))
    const [others, made] = [4, 7]
    for (const fresh of [forAWhile(1), forAWhile(1)]) expect(await world.take('createRole', fresh)).toBe(true)
    expect(await world.take('updateRole', forAWhile(others))).toBe(false)
    expect(await world.take('updateRole', forAWhile(made))).toBe(true)
    await world.checkEnd()
  })
})
