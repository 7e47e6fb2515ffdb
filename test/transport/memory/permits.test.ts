import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PermitWindow } from '../../../transport/memory/permits.ts'

const windowLength = 100
const hold = 5

const step = fc.record({
  /** How long after the step before. */
  after: fc.integer({ min: 0, max: 40 }),
  wanted: fc.integer({ min: 1, max: 30 }),
  /** When each of the granted permits is used, counted from its grant. */
  usedAfter: fc.array(fc.integer({ min: 0, max: hold }), { minLength: 1, maxLength: 4 }),
  /** How many of the granted permits go back unused. */
  givenBack: fc.integer({ min: 0, max: 3 }),
})

it('never admits more than the limit in any sliding window, whenever the permits are used', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 60 }), (maxRequests, steps) => {
      const uses = useAll(maxRequests, steps)
      for (const end of uses) {
        const inWindow = uses.filter((at) => at > end - windowLength && at <= end)
        expect(inWindow.length).toBeLessThanOrEqual(maxRequests)
      }
    }),
    { seed: 41, numRuns: 300 },
  )
})

/** Times of all uses. */
function useAll(
  maxRequests: number,
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
) {
  const window = new PermitWindow()
  const uses: number[] = []
  let now = 0
  for (const [index, { after, wanted, usedAfter, givenBack }] of steps.entries()) {
    now += after
    const grantId = `g${index}`
    const { granted } = window.acquire({ grantId, maxRequests, lifetime: hold + windowLength, wanted, now })
    const used = Math.max(0, granted - givenBack)
    if (used < granted) window.keep(grantId, used, now)
    for (let permit = 0; permit < used; permit++) uses.push(now + (usedAfter[permit % usedAfter.length] ?? 0))
  }
  return uses
}

it('says exactly how long until a permit is free', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 40 }), (maxRequests, steps) => {
      const window = new PermitWindow()
      let now = 0
      for (const [index, { after, wanted }] of steps.entries()) {
        now += after
        const ask = { grantId: `g${index}`, maxRequests, lifetime: hold + windowLength, wanted, now }
        const { granted, retryAfter } = window.acquire(ask)
        if (granted > 0) continue
        expect(retryAfter).toBeGreaterThan(0)
        expect(window.taken(now)).toBe(maxRequests)
        now += retryAfter
        expect(window.taken(now)).toBeLessThan(maxRequests)
      }
    }),
    { seed: 42, numRuns: 200 },
  )
})

it('lets at least 95 % of the limit be used in steady demand', () => {
  const window = new PermitWindow()
  const maxRequests = 50
  let granted = 0
  const duration = 20 * windowLength
  for (let now = 0; now < duration; now++) {
    const ask = { maxRequests, lifetime: hold + windowLength, wanted: 4, now }
    granted += window.acquire({ ...ask, grantId: `${now}` }).granted
  }
  expect(granted / (maxRequests * (duration / windowLength))).toBeGreaterThanOrEqual(0.95)
})

it('takes back the same permits only once', () => {
  const window = new PermitWindow()
  window.acquire({ grantId: 'a', maxRequests: 8, lifetime: 100, wanted: 1, now: 0 })
  window.acquire({ grantId: 'b', maxRequests: 8, lifetime: 100, wanted: 1, now: 0 })
  for (let times = 0; times < 3; times++) window.keep('a', 0, 1)
  expect(window.taken(1)).toBe(1)
})
