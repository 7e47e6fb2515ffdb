import { expect, it } from 'vitest'
import { readBudgetFlags } from '../../bench/budgets/flags.ts'

it('takes turns with one key to a hundred thousand unless it is told otherwise', () => {
  expect(readBudgetFlags([])).toMatchObject({ sizes: [1, 10, 1_000, 100_000], rounds: 5, seconds: 2 })
  expect(readBudgetFlags(['--keys', '3,5', '--rounds', '2'])).toMatchObject({ sizes: [3, 5], rounds: 2 })
  expect(readBudgetFlags(['--help'])).toBe('help')
})

it.each([
  [['--keys', '0'], '--keys'],
  [['--keys', '1,many'], '--keys'],
  [['--rounds', '0'], '--rounds'],
  [['--unheard-of'], '--unheard-of'],
])('refuses %j and names the flag', (args, name) => {
  expect(() => readBudgetFlags(args)).toThrow(name)
})
