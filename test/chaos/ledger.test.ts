import { describe, expect, it } from 'vitest'
import { findDrift } from '../../chaos/ledger.ts'

const bill = (id: string, costNanoUsd: number) => ({ id, costNanoUsd })
const charge = (requestId: string, costNanoUsd: number, outcome = 'succeeded', estimated = false) => ({
  ...{ requestId, costNanoUsd, outcome, estimated },
})

describe('the ledger against the provider’s log', () => {
  it('is the same when each call is charged what was billed', () => {
    expect(findDrift([bill('a', 5)], [charge('a', 5), charge('b', 0, 'denied')])).toEqual({
      nanoUsd: 0,
      chargedAbove: [],
      calls: [],
    })
  })

  it('may charge more for a call whose end is not known, or whose usage was estimated, and lists it', () => {
    const charged = [charge('a', 9, 'unknown', true), charge('b', 9, 'succeeded', true)]
    expect(findDrift([bill('a', 5)], charged)).toEqual({
      nanoUsd: 0,
      chargedAbove: ['a: unknown, charged 9, billed 5', 'b: succeeded, charged 9, billed 0'],
      calls: [],
    })
  })

  it.each([
    ['more than was billed', [bill('a', 5)], [charge('a', 6)], 1],
    ['less, though it was estimated', [bill('a', 5)], [charge('a', 3, 'unknown', true)], 2],
    ['nothing at all', [bill('a', 5)], [], 5],
    ['once what was billed twice', [bill('a', 5), bill('a', 5)], [charge('a', 5)], 5],
    ['twice what was billed once', [bill('a', 5)], [charge('a', 5), charge('a', 5)], 5],
  ])('drifts when it charges %s', (_, billed, charged, nanoUsd) => {
    expect(findDrift(billed, charged)).toEqual({
      nanoUsd,
      chargedAbove: [],
      calls: [expect.stringMatching(/^a: .*billed \d+$/)],
    })
  })
})
