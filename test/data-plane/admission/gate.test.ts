import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AdmissionGate, type Caller } from '../../../data-plane/admission/gate.ts'
import { CrowdedDataPlane, type Offer } from './crowded-data-plane.ts'

const capacities = fc.integer({ min: 40, max: 60 })
const overloads = fc.double({ min: 1.5, max: 5, noNaN: true })
/** In looks: calls that are over at once, and streams. */
const durations = fc.constantFrom(1, 3, 10)

const looks = 600
const settledAfter = 300

const longestAverageWaitMs = 100
const runs = { numRuns: 8 }

/** Offers the same calls between all looks. @returns what came in, of each offer, once it has settled */
function offerSteadily(plane: CrowdedDataPlane, offers: readonly Offer[]): number[] {
  const admitted = offers.map(() => 0)
  const offered = offers.map(() => 0)
  for (let look = 0; look < looks; look += 1) {
    for (const [index, { came, tried }] of plane.offer(offers).entries()) {
      if (look < settledAfter) continue
      admitted[index] = (admitted[index] ?? 0) + came
      offered[index] = (offered[index] ?? 0) + tried
    }
  }
  return admitted.map((count, index) => count / (offered[index] ?? 1))
}

describe('a data plane that is offered more than it can serve', () => {
  it('serves nearly as much as it can, and nothing waits long for its turn', () => {
    fc.assert(
      fc.property(capacities, durations, overloads, (capacity, duration, overload) => {
        const plane = new CrowdedDataPlane(capacity, duration)
        const offers = [{ tenant: 'all', priority: 'normal', calls: capacity * overload }] as const
        for (let look = 0; look < settledAfter; look += 1) plane.offer(offers)
        let waits = 0
        let busy = 0
        for (let look = 0; look < settledAfter; look += 1) {
          plane.offer(offers)
          waits += plane.waitMs
          busy += plane.busy
        }
        expect(busy / settledAfter).toBeGreaterThan(0.85)
        expect(waits / settledAfter).toBeLessThan(longestAverageWaitMs)
      }),
      runs,
    )
  })

  it('serves keys of high priority first and of low priority last', () => {
    fc.assert(
      fc.property(capacities, durations, (capacity, duration) => {
        const [high, normal, low] = offerSteadily(new CrowdedDataPlane(capacity, duration), [
          { tenant: 'urgent', priority: 'high', calls: capacity * 0.2 },
          { tenant: 'usual', priority: 'normal', calls: capacity * 1.4 },
          { tenant: 'batch', priority: 'low', calls: capacity * 1.4 },
        ])
        expect(high).toBeGreaterThan(0.95)
        expect(normal).toBeGreaterThan(0.3)
        expect(low).toBeLessThan(0.2)
      }),
      runs,
    )
  })

  it('refuses nearly nothing of a tenant within its share because of one beyond', () => {
    fc.assert(
      fc.property(capacities, durations, overloads, (capacity, duration, overload) => {
        const [modest, greedy] = offerSteadily(new CrowdedDataPlane(capacity, duration), [
          { tenant: 'modest', priority: 'normal', calls: capacity * 0.15 },
          { tenant: 'greedy', priority: 'normal', calls: capacity * overload },
        ])
        expect(modest).toBeGreaterThan(0.95)
        expect(greedy).toBeLessThan(0.95)
      }),
      runs,
    )
  })

  it('takes as many as before once the pressure is over', () => {
    const plane = new CrowdedDataPlane(50, 3)
    const widest = plane.gate.limit
    for (let look = 0; look < 100; look += 1) plane.offer([{ tenant: 'all', priority: 'normal', calls: 200 }])
    expect(plane.gate.limit).toBeLessThan(widest)
    for (let look = 0; look < 300; look += 1) plane.offer([{ tenant: 'all', priority: 'normal', calls: 10 }])
    expect(plane.gate.limit).toBe(widest)
  })
})

describe('calls that take no time but stay for long', () => {
  it('never are more than the limit, and leave room for tenants that have few', () => {
    const gate = new AdmissionGate(100)
    const callerOf =
      (tenant: string, priority: Caller['priority'] = 'normal') =>
      () => ({ tenant, priority })
    for (let call = 0; call < 500; call += 1) gate.enter(callerOf('greedy'))
    expect(gate.inProgress).toBeLessThan(100)
    expect(gate.enter(callerOf('modest'))).toBeDefined()
    expect(gate.enter(callerOf('greedy'))).toBeUndefined()
    expect(gate.enter(callerOf('batch', 'low'))).toBeUndefined()
    for (let call = 0; call < 500; call += 1) gate.enter(callerOf(`urgent ${call}`, 'high'))
    expect(gate.inProgress).toBe(100)
  })
})

describe('without pressure', () => {
  it('every call comes in, and nobody asks whose it is', () => {
    const gate = new AdmissionGate(1_000)
    const places = Array.from({ length: 300 }, () =>
      gate.enter(() => {
        throw new Error('asked')
      }),
    )
    for (const place of places) if (place) gate.leave(place)
    expect(places).not.toContain(undefined)
    expect(gate.inProgress).toBe(0)
    expect(gate.refused).toEqual({ high: 0, normal: 0, low: 0 })
  })

  it('a pause is no pressure, however long it was', () => {
    const gate = new AdmissionGate(1_000)
    const widest = gate.limit
    gate.look({ waitMs: 800, idle: 0 })
    gate.look({ waitMs: 1, idle: 0.9 })
    gate.look({ waitMs: 800, idle: 0 })
    expect(gate.limit).toBe(widest)
  })
})
