import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SlotTable } from '../../../transport/memory/slots.ts'

const step = fc.record({
  holder: fc.integer({ min: 0, max: 2 }),
  after: fc.integer({ min: 0, max: 60 }),
  ends: fc.integer({ min: 0, max: 6 }),
  wanted: fc.integer({ min: 0, max: 12 }),
})

it('never has more calls under way than the limit, while each holder is heard of in time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
      const table = new SlotTable()
      const holders = [0, 0, 0]
      let now = 0
      for (const { holder, after, ends, wanted } of steps) {
        now += after
        // All renew: nobody is taken for dead.
        for (const [other, inUse] of holders.entries())
          table.hold(`${other}`, { limitId: 'l', max, inUse, wanted: inUse }, 100, now)
        const inUse = Math.max(0, (holders[holder] ?? 0) - ends)
        holders[holder] = table.hold(
          `${holder}`,
          { limitId: 'l', max, inUse, wanted: Math.max(inUse, wanted) },
          ...([100, now] as const),
        )
        expect(holders.reduce((sum, calls) => sum + calls, 0)).toBeLessThanOrEqual(max)
      }
    }),
    { seed: 6, numRuns: 300 },
  )
})

it('gives others the slots of a holder that is heard of no more', () => {
  const table = new SlotTable()
  const ask = { limitId: 'l', max: 4, inUse: 0, wanted: 4 }
  expect(table.hold('a', ask, 100, 0)).toBe(4)
  expect(table.hold('b', ask, 100, 99)).toBe(0)
  expect(table.hold('b', ask, 100, 100)).toBe(4)
})
