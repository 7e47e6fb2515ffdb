import { expect, it } from 'vitest'
import { listCases } from '../../bench/lists/cases.ts'
import { readListFlags } from '../../bench/lists/flags.ts'
import { percentile } from '../../bench/lists/measure.ts'

it('fills 5 million calls and measures every case unless it is told otherwise', () => {
  expect(readListFlags([])).toMatchObject({ usageRows: 5_000_000, rounds: 60, cases: listCases })
  expect(readListFlags(['--rounds', '7', '--keep', 'folder'])).toMatchObject({ rounds: 7, folder: 'folder' })
  expect(readListFlags(['--help'])).toBe('help')
})

it('measures only the cases that are named', () => {
  const flags = readListFlags(['--cases', 'own:'])
  expect(flags).toMatchObject({ cases: listCases.filter(({ principal }) => principal === 'own') })
})

it.each([
  [['--rounds', '0'], '--rounds'],
  [['--usage-rows', 'many'], '--usage-rows'],
  [['--cases', 'unheard of'], '--cases'],
  [['--unheard-of'], '--unheard-of'],
])('refuses %j and names the flag', (args, name) => {
  expect(() => readListFlags(args)).toThrow(name)
})

it('takes as p95 what 95 of 100 do not exceed', () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index + 1)
  expect(percentile(sorted, 0.95)).toBe(95)
  expect(percentile([7], 0.95)).toBe(7)
})
