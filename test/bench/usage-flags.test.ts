import { expect, it } from 'vitest'
import { usageCases } from '../../bench/usage/cases.ts'
import { readUsageFlags } from '../../bench/usage/flags.ts'

it('sums a million calls in every case unless it is told otherwise', () => {
  expect(readUsageFlags([])).toMatchObject({ usageRows: 1_000_000, rounds: 100, cases: usageCases })
  expect(readUsageFlags(['--calls', '10000000', '--keep', 'folder'])).toMatchObject({
    usageRows: 10_000_000,
    folder: 'folder',
  })
  expect(readUsageFlags(['--help'])).toBe('help')
})

it('measures recording on fewer calls, because each is written as in use', () => {
  expect(readUsageFlags(['--recording'])).toMatchObject({ recording: true, usageRows: 40_000 })
  expect(readUsageFlags(['--recording', '--calls', '500'])).toMatchObject({ usageRows: 500 })
})

it('measures only the cases that are named', () => {
  const flags = readUsageFlags(['--cases', 'team:'])
  expect(flags).toMatchObject({ cases: usageCases.filter(({ principal }) => principal === 'team') })
})

it.each([
  [['--rounds', '0'], '--rounds'],
  [['--calls', 'many'], '--calls'],
  [['--cases', 'unheard of'], '--cases'],
  [['--unheard-of'], '--unheard-of'],
])('refuses %j and names the flag', (args, name) => {
  expect(() => readUsageFlags(args)).toThrow(name)
})
