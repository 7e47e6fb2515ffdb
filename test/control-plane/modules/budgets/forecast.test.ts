import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetWindow } from '../../../../control-plane/leases/budget-window.ts'
import { forecast } from '../../../../control-plane/modules/budgets/forecast.ts'
import { moment, recurringBudget } from '../../leases/recurring-budgets.ts'

const since = new Date('2026-11-01T00:00:00Z')
const endsAt = new Date('2026-11-11T00:00:00Z')
const at = (text: string) => Date.parse(`2026-11-${text}:00Z`)

describe('a forecast', () => {
  it('is what the window costs at its mean rate, and when that reaches the limit', () => {
    const quarter = { settled: 500n, limit: 1_000n, since, endsAt }
    expect(forecast(quarter, at('03T12:00'))).toEqual({
      projected: 2_000n,
      exhaustedAt: new Date('2026-11-06T00:00:00Z'),
    })
    expect(forecast({ ...quarter, limit: 5_000n }, at('03T12:00'))?.exhaustedAt).toBeNull()
  })

  it('is none before a twentieth of the window has passed', () => {
    const early = { settled: 500n, limit: 1_000n, since, endsAt }
    expect(forecast(early, at('01T11:59'))).toBeNull()
    expect(forecast(early, at('01T12:00'))).toMatchObject({ projected: 10_000n })
  })

  it('of a budget that never resets is when it runs out, once it is an hour old', () => {
    const total = { settled: 100n, limit: 200n, since, endsAt: null }
    expect(forecast(total, at('01T00:59'))).toBeNull()
    expect(forecast(total, at('02T00:00'))).toEqual({
      projected: null,
      exhaustedAt: new Date('2026-11-03T00:00:00Z'),
    })
  })

  it('of a limit that is reached is now, and of nothing spent never', () => {
    const now = at('06T00:00')
    expect(forecast({ settled: 9n, limit: 9n, since, endsAt }, now)?.exhaustedAt).toEqual(new Date(now))
    expect(forecast({ settled: 0n, limit: 9n, since, endsAt }, now)).toEqual({
      projected: 0n,
      exhaustedAt: null,
    })
  })

  it('never foresees less than is spent, and says that a limit is reached exactly when it foresees as much, in windows of every kind', () => {
    const amount = fc.bigInt({ min: 0n, max: 2_000_000n })
    fc.assert(
      fc.property(recurringBudget, moment, amount, amount, (budget, now, settled, more) => {
        const window = budgetWindow(budget, now)
        const started = new Date(Math.max(window.startsAt.getTime(), Date.parse('2019-01-01')))
        const limit = more + 1n
        const found = forecast({ settled, limit, since: started, endsAt: window.endsAt }, now)
        if (!found) return
        if (found.exhaustedAt) {
          expect(found.exhaustedAt.getTime()).toBeGreaterThanOrEqual(now)
          if (window.endsAt && found.exhaustedAt.getTime() > now)
            expect(found.exhaustedAt.getTime()).toBeLessThan(window.endsAt.getTime())
        }
        if (found.projected === null) return
        expect(found.projected).toBeGreaterThanOrEqual(settled)
        if (found.projected < limit) expect(found.exhaustedAt).toBeNull()
        if (found.projected > limit) expect(found.exhaustedAt).not.toBeNull()
      }),
      { numRuns: 300 },
    )
  })
})
