import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../../control-plane/graphql/duration.ts'

describe('a Duration', () => {
  it.each([
    ['PT24H', 86_400],
    ['P1D', 86_400],
    ['P2W', 1_209_600],
    ['P1DT30M', 88_200],
    ['PT1H2M3S', 3_723],
    ['PT0S', 0],
  ])('%s is %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  it.each([
    '',
    'P',
    'PT',
    'P1',
    '1D',
    'P1Y',
    'P1M',
    'PT1.5S',
    'P-1D',
    'P1DT',
    'P1W1D',
    'P99999W',
    60,
    null,
    undefined,
  ])('%j is none', (value) => {
    expect(() => parseDuration(value)).toThrow(/ISO 8601/)
  })

  it('is read as it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * 366 * 86_400 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds)
      }),
    )
  })
})
