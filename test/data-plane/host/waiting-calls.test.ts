import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Waiter } from '../../../data-plane/host/waiter.ts'
import { WaitingCalls } from '../../../data-plane/host/waiting-calls.ts'

const cost = { most: 1, likely: 1 }

const action = fc.record({
  call: fc.nat({ max: 5 }),
  /** Undefined: it waits no longer. */
  lacks: fc.option(fc.uniqueArray(fc.constantFrom<string>('team', 'customer', 'key'), { minLength: 1 }), {
    nil: undefined,
  }),
})

describe('the calls that wait', () => {
  it('are found by each budget that they lack now, the first to come first, and by no other', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 40 }),
        fc.uniqueArray(fc.constantFrom<string>('team', 'customer', 'key', 'unknown')),
        (actions, budgetIds) => {
          const waiters = Array.from({ length: 6 }, () => new Waiter([], cost, 0))
          const waiting = new WaitingCalls()
          const model = new Map<Waiter, readonly string[]>()
          for (const { call, lacks } of actions) {
            const waiter = waiters[call]
            if (!waiter) continue
            if (lacks) waiting.put(waiter, lacks)
            else waiting.remove(waiter)
            if (lacks) model.set(waiter, lacks)
            else model.delete(waiter)
          }
          const expected = [...model].filter(([, lacked]) => lacked.some((id) => budgetIds.includes(id)))
          const found = [...waiting.lacking(budgetIds)]
          expect(new Set(found)).toEqual(new Set(expected.map(([waiter]) => waiter)))
          expect(waiting.size).toBe(model.size)
          expect([...waiting]).toEqual([...model.keys()])
        },
      ),
    )
  })

  it('are served in the order of their arrival where several budgets have more', () => {
    const waiting = new WaitingCalls()
    const [first, second, third] = [1, 2, 3].map((since) => new Waiter([], cost, since))
    if (!first || !second || !third) throw new TypeError('three were made')
    waiting.put(first, ['customer'])
    waiting.put(second, ['team'])
    waiting.put(third, ['customer', 'team'])
    expect([...waiting.lacking(['team', 'customer'])].map(({ since }) => since)).toEqual([1, 2, 3])
    waiting.put(first, ['customer', 'team'])
    expect([...waiting.lacking(['team', 'customer'])].map(({ since }) => since)).toEqual([1, 2, 3])
  })
})
