import { expect, it } from 'vitest'
import { readFlags } from '../../bench/flags.ts'
import { median } from '../../bench/measure.ts'

it('warms up with 50 000 calls and measures every case unless it is told otherwise', () => {
  expect(readFlags([])).toMatchObject({ warmUpCalls: 50_000, withPortkey: true, withPassthrough: true })
  expect(readFlags(['--quick', '--rounds', '7'])).toMatchObject({ rounds: 7, seconds: 1 })
  expect(readFlags(['--cases', 'stream-1kb'])).toMatchObject({ cases: [{ name: 'stream-1kb' }] })
  expect(readFlags(['--durability', 'process'])).toMatchObject({ durability: 'process' })
  expect(readFlags(['--help'])).toBe('help')
})

it.each([
  [['--rounds', '0'], '--rounds'],
  [['--seconds', 'many'], '--seconds'],
  [['--cases', 'huge'], '--cases'],
  [['--durability', 'none'], '--durability'],
  [['--unheard-of'], '--unheard-of'],
])('refuses %j and names the flag', (args, name) => {
  expect(() => readFlags(args)).toThrow(name)
})

it('takes the middle, or the mean of the two middles', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
})
