import { describe, expect, it } from 'vitest'
import { allRules } from './lease-schedule.ts'
import { findBrokenSchedule } from './lease-schedules.ts'

const seed = 20_261_129

describe('three data planes, whatever is lost, doubled, late, killed or without power', () => {
  it('are never billed beyond a limit, charge every call once, and give all back', async () => {
    expect(await findBrokenSchedule({ seed, schedules: 400 })).toBeUndefined()
  }, 120_000)
})

describe('the schedules find what they are to find:', () => {
  it.each([
    [
      'a lease that is spent again because its return was told and forgotten',
      'shipsOnlyWhatIsKept',
      /after it was closed/,
    ],
    ['money that is leased to a request which nobody remembers', 'asksOnlyWhatIsKept', /is stuck/],
    [
      'money that stays leased because a process took its last word along',
      'believesLaterProcesses',
      /is stuck/,
    ],
  ] as const)(
    '%s',
    async (_, rule, broken) => {
      const rules = { ...allRules, [rule]: false }
      const found = await findBrokenSchedule({ seed, schedules: 3_000, rules, shrinks: false })
      expect(found).toMatch(broken)
    },
    120_000,
  )
})
