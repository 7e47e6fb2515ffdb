import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetWindow, type RecurringBudget } from '../../../control-plane/leases/budget-window.ts'
import { effectiveLimit, endOfCycles } from '../../../control-plane/leases/effective-limit.ts'
import { usualWindowTerms } from '../../../control-plane/modules/budgets/index.ts'
import { moment, recurringBudget } from './recurring-budgets.ts'

const limit = 1_000n
const amountNanoUsd = 500n

/** Whether a budget is raised in the window of a moment. */
function isRaised(budget: RecurringBudget, lastsUntil: Date | null, now: number): boolean {
  const effective = effectiveLimit(limit, { amountNanoUsd, lastsUntil }, budgetWindow(budget, now))
  expect([limit, limit + amountNanoUsd]).toContain(effective)
  return effective > limit
}

describe('an override [X0-26]', () => {
  it('raises so many windows of any budget, the present one included, and ends by itself with the last, in every zone and over every change of clocks', () => {
    const cycles = fc.integer({ min: 1, max: 8 })
    fc.assert(
      fc.property(recurringBudget, moment, cycles, fc.nat(1_000), (budget, setAt, cycles, place) => {
        const lastsUntil = endOfCycles(budget, cycles, setAt)
        if (budget.period === 'NONE') {
          expect(lastsUntil).toBeNull()
          return
        }
        let now = setAt
        for (let cycle = 1; cycle <= cycles + 2; cycle++) {
          const { startsAt, endsAt } = budgetWindow(budget, now)
          const lengthMs = (endsAt?.getTime() ?? 0) - startsAt.getTime()
          const within = startsAt.getTime() + Math.floor((lengthMs * place) / 1_001)
          for (const then of [startsAt.getTime(), within, (endsAt?.getTime() ?? 0) - 1]) {
            expect(isRaised(budget, lastsUntil, then)).toBe(cycle <= cycles)
          }
          now = endsAt?.getTime() ?? now
        }
      }),
      { numRuns: 300 },
    )
  })

  it('that lasts for ever raises every window, of a budget that never resets too', () => {
    fc.assert(
      fc.property(recurringBudget, moment, (budget, now) => {
        expect(isRaised(budget, null, now)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('for three days does not raise a year when the period becomes one', () => {
    const day: RecurringBudget = { ...usualWindowTerms, period: 'DAY', createdAt: new Date('2026-01-01') }
    const now = Date.parse('2026-11-22T12:00:00Z')
    const until = endOfCycles(day, 3, now)
    expect(until?.toISOString()).toBe('2026-11-25T00:00:00.000Z')
    expect(isRaised({ ...day, period: 'HOUR' }, until, now)).toBe(true)
    expect(isRaised({ ...day, period: 'YEAR' }, until, now)).toBe(false)
    expect(isRaised({ ...day, period: 'NONE' }, until, now)).toBe(false)
  })

  it('of two days ends with the second one, though the clocks change in between', () => {
    const berlin = { ...usualWindowTerms, period: 'DAY', timeZone: 'Europe/Berlin' } as const
    const budget = { ...berlin, createdAt: new Date('2026-01-01') }
    const until = endOfCycles(budget, 2, Date.parse('2027-03-27T12:00:00Z'))
    expect(until?.toISOString()).toBe('2027-03-28T22:00:00.000Z')
  })
})
