import { expect, it } from 'vitest'
import { fromNow, monthBegin } from '../../../control-plane/console/time.ts'

const now = Date.parse('2026-11-29T12:00:00Z')

it.each([
  ['2026-11-29T11:59:50Z', 'this minute'],
  ['2026-11-29T11:55:00Z', '5 minutes ago'],
  ['2026-11-29T09:00:00Z', '3 hours ago'],
  ['2026-11-27T12:00:00Z', '2 days ago'],
  ['2026-12-01T12:00:00Z', 'in 2 days'],
])('%s is %s', (at, text) => {
  expect(fromNow(at, now)).toBe(text)
})

it('a month begins on its first, by UTC', () => {
  expect(monthBegin(Date.parse('2026-11-01T00:00:00Z'))).toBe('2026-11-01T00:00:00.000Z')
  expect(monthBegin(Date.parse('2026-10-31T23:59:59Z'))).toBe('2026-10-01T00:00:00.000Z')
})
