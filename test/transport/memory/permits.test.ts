import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PermitWindow } from '../../../transport/memory/permits.ts'

const windowLength = 100
const hold = 5

const step = fc.record({
  /** How long after the step before. */
  after: fc.integer({ min: 0, max: 40 }),
  /** One request, or the tokens of one call. */
  needed: fc.constantFrom(1, 1, 4, 12),
  wanted: fc.integer({ min: 12, max: 30 }),
  /** When each of the granted permits is used, counted from its grant. */
  usedAfter: fc.array(fc.integer({ min: 0, max: hold }), { minLength: 1, maxLength: 4 }),
  /** How many of the granted permits go back unused. */
  givenBack: fc.integer({ min: 0, max: 12 }),
  /** How long after the grant they go back: a call may end long after its tokens were taken. */
  givenBackAfter: fc.integer({ min: 0, max: 150 }),
})

it('never admits more than the limit in any sliding window, whenever the permits are used', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
      const uses = useAll(max, steps)
      for (const end of uses) {
        const inWindow = uses.filter((at) => at > end - windowLength && at <= end)
        expect(inWindow.length).toBeLessThanOrEqual(max)
      }
    }),
    { seed: 41, numRuns: 300 },
  )
})

/** Times of all uses. */
function useAll(max: number, steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) {
  const window = new PermitWindow()
  const uses: number[] = []
  const returns: { at: number; grantId: string; permits: number }[] = []
  let now = 0
  for (const [index, { after, needed, wanted, usedAfter, givenBack, givenBackAfter }] of steps.entries()) {
    now += after
    for (const { at, grantId, permits } of returns.filter(({ at }) => at <= now && at > now - after))
      window.keep(grantId, permits, at)
    const grantId = `g${index}`
    const { granted } = window.acquire({ grantId, max, lifetime: hold + windowLength, needed, wanted, now })
    const used = Math.max(0, granted - givenBack)
    if (used < granted) returns.push({ at: now + givenBackAfter, grantId, permits: used })
    for (let permit = 0; permit < used; permit++) uses.push(now + (usedAfter[permit % usedAfter.length] ?? 0))
  }
  return uses
}

it('says exactly how long until a permit is free', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 40 }), (max, steps) => {
      const window = new PermitWindow()
      let now = 0
      for (const [index, { after, needed, wanted }] of steps.entries()) {
        if (needed > max) continue
        now += after
        const ask = { grantId: `g${index}`, max, lifetime: hold + windowLength, needed, wanted, now }
        const { granted, retryAfter } = window.acquire(ask)
        if (granted > 0) continue
        expect(retryAfter).toBeGreaterThan(0)
        expect(window.taken(now)).toBeGreaterThan(max - needed)
        expect(window.taken(now + retryAfter - 1)).toBeGreaterThan(max - needed)
        now += retryAfter
        expect(window.taken(now)).toBeLessThanOrEqual(max - needed)
      }
    }),
    { seed: 42, numRuns: 200 },
  )
})

it('lets at least 95 % of the limit be used in steady demand', () => {
  const window = new PermitWindow()
  const max = 50
  let granted = 0
  const duration = 20 * windowLength
  for (let now = 0; now < duration; now++) {
    const ask = { max, lifetime: hold + windowLength, needed: 1, wanted: 4, now }
    granted += window.acquire({ ...ask, grantId: `${now}` }).granted
  }
  expect(granted / (max * (duration / windowLength))).toBeGreaterThanOrEqual(0.95)
})

it('takes back the same permits only once', () => {
  const window = new PermitWindow()
  window.acquire({ grantId: 'a', max: 8, lifetime: 100, needed: 1, wanted: 1, now: 0 })
  window.acquire({ grantId: 'b', max: 8, lifetime: 100, needed: 1, wanted: 1, now: 0 })
  for (let times = 0; times < 3; times++) window.keep('a', 0, 1)
  expect(window.taken(1)).toBe(1)
})
