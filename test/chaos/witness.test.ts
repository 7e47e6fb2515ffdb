import { describe, expect, it } from 'vitest'
import { compareWithWitness } from '../../chaos/witness.ts'

const recorded = (...calls: string[]) =>
  calls.map((call) => {
    const [requestId = '', outcome = 'succeeded'] = call.split(' ')
    return { requestId, outcome }
  })

describe('the audit trail against the provider’s log', () => {
  it('is the same when each call that was asked is recorded once, however it ended', () => {
    expect(compareWithWitness(['a', 'b'], recorded('b unknown', 'a'))).toEqual({
      missing: [],
      doubled: [],
      invented: [],
    })
  })

  it('misses a call that was asked and not recorded, or asked twice and recorded once', () => {
    expect(compareWithWitness(['a', 'b', 'b'], recorded('b')).missing).toEqual(['a', 'b'])
  })

  it('has a call doubled that is recorded twice and was asked once or not at all', () => {
    const { doubled } = compareWithWitness(['a'], recorded('a', 'a', 'b denied', 'b denied'))
    expect(doubled).toEqual(['a', 'b'])
  })

  it('takes two records for two asks', () => {
    expect(compareWithWitness(['a', 'a'], recorded('a failed', 'a')).doubled).toEqual([])
  })

  it('has a call invented that is recorded as answered and was not asked', () => {
    const { invented } = compareWithWitness([], recorded('a', 'b failed', 'c unknown', 'd denied'))
    expect(invented).toEqual(['a'])
  })
})
