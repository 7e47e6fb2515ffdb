import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planFaults, postgres } from '../../chaos/schedule.ts'

const severity = { everyMs: 1_000, longestDownMs: 1_500, shareOfHalts: 0.5 }
const options = fc.record({
  seed: fc.nat(2 ** 32 - 1),
  seconds: fc.integer({ min: 10, max: 300 }),
  dataPlanes: fc.integer({ min: 1, max: 5 }),
})

describe('the faults of a seed', () => {
  it('are the same each time', () => {
    fc.assert(
      fc.property(options, (each) => {
        expect(planFaults(each, severity)).toEqual(planFaults(each, severity))
      }),
    )
  })

  it('differ from those of another seed', () => {
    const plan = (seed: number) => planFaults({ seed, seconds: 60, dataPlanes: 3 }, severity)
    expect(plan(1)).not.toEqual(plan(2))
  })

  it('come about every second, in order, while calls are made, and stop PostgreSQL twice', () => {
    fc.assert(
      fc.property(options, (each) => {
        const faults = planFaults(each, severity)
        const times = faults.map(({ atMs }) => atMs)
        expect(times).toEqual(times.toSorted((a, b) => a - b))
        expect(times.at(-1)).toBeLessThan(each.seconds * 1_000)
        expect(faults.filter(({ victim }) => victim === postgres)).toHaveLength(2)
        expect(faults.length).toBeGreaterThan(each.seconds / 1.3 - 4)
        expect(faults.length).toBeLessThan(each.seconds / 0.7 + 4)
        expect(faults.every(({ downMs }) => downMs <= severity.longestDownMs)).toBe(true)
      }),
    )
  })

  it('halt nobody where the scenario does not want it, and never PostgreSQL', () => {
    fc.assert(
      fc.property(options, (each) => {
        const halts = (shareOfHalts: number) =>
          planFaults(each, { ...severity, shareOfHalts }).filter(({ kind }) => kind === 'halt')
        expect(halts(0)).toEqual([])
        expect(halts(1).map(({ victim }) => victim)).not.toContain(postgres)
      }),
    )
  })
})
