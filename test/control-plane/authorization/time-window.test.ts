import { describe, expect, it } from 'vitest'
import { weekdays } from '../../../contract/budget-windows.ts'
import { compileWindow, describeWindow, minuteOf } from '../../../control-plane/authorization/time-window.ts'

const workdays = weekdays.slice(0, 5)
const office = { days: workdays, from: '09:00', until: '17:00', timeZone: 'Europe/Berlin' }
const at = (time: string) => Date.parse(time)

describe('office hours in Berlin [S3-10]', () => {
  const contains = compileWindow(office)

  it.each([
    ['begin at 09:00 of winter, an hour behind UTC', '2030-01-07T08:00:00Z', true],
    ['have not begun at 08:59:59', '2030-01-07T07:59:59.999Z', false],
    ['last until 16:59', '2030-01-07T15:59:59.999Z', true],
    ['are over at 17:00', '2030-01-07T16:00:00Z', false],
    ['are none on a Saturday', '2030-01-12T10:00:00Z', false],
    ['begin at 09:00 of summer, two hours behind UTC', '2030-07-01T07:00:00Z', true],
    ['are over at 17:00 of summer', '2030-07-01T15:00:00Z', false],
    ['begin at 09:00 on the Monday after clocks went forward', '2030-04-01T07:00:00Z', true],
    ['are over at 17:00 on the Monday after clocks went back', '2030-10-28T16:00:00Z', false],
  ])('%s', (_, time, expected) => {
    expect(contains(at(time))).toBe(expected)
  })
})

describe('a window on the day on which clocks are set', () => {
  const night = compileWindow({ days: ['SUNDAY'], from: '02:00', until: '03:00', timeZone: 'Europe/Berlin' })
  const minutesIn = (day: string) =>
    Array.from({ length: 24 * 60 }, (_, minute) => at(day) + minute * 60_000).filter((time) => night(time))
      .length

  it('does not come when its hour is skipped', () => {
    expect(minutesIn('2030-03-31T00:00:00Z')).toBe(0)
  })

  it('holds both times when its hour is repeated', () => {
    expect(minutesIn('2030-10-27T00:00:00Z')).toBe(120)
  })

  it('holds an hour on other Sundays', () => {
    expect(minutesIn('2030-10-20T00:00:00Z')).toBe(60)
  })
})

describe('a window over midnight', () => {
  const shift = compileWindow({ days: ['FRIDAY'], from: '22:00', until: '06:00', timeZone: 'UTC' })

  it.each([
    ['2030-01-04T21:59:00Z', false],
    ['2030-01-04T22:00:00Z', true],
    ['2030-01-05T05:59:00Z', true],
    ['2030-01-05T06:00:00Z', false],
    ['2030-01-05T22:00:00Z', false],
    ['2030-01-04T03:00:00Z', false],
  ])('of a Friday at %s: %s', (time, expected) => {
    expect(shift(at(time))).toBe(expected)
  })
})

it('a whole day has 24 hours, to the last minute', () => {
  const day = compileWindow({ days: ['MONDAY'], from: '00:00', until: '24:00', timeZone: 'UTC' })
  expect(day(at('2030-01-07T23:59:59Z'))).toBe(true)
  expect(day(at('2030-01-08T00:00:00Z'))).toBe(false)
})

it.each(['9:00', '24:01', '09:60', '25:00', '', '09:00:00'])('"%s" is no time of the day', (text) => {
  expect(() => minuteOf(text)).toThrow(RangeError)
})

it('is told in words', () => {
  expect(describeWindow(office)).toBe('Mon, Tue, Wed, Thu, Fri from 09:00 until 17:00 (Europe/Berlin)')
  expect(describeWindow({ ...office, days: weekdays })).toMatch(/^every day from/)
})
