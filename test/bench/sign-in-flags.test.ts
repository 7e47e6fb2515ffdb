import { expect, it } from 'vitest'
import { readSignInFlags } from '../../bench/sign-in/flags.ts'

it('has a hundred people sign in and make a thousand requests unless it is told otherwise', () => {
  expect(readSignInFlags([])).toEqual({ people: 100, requests: 1_000 })
  expect(readSignInFlags(['--people', '3', '--requests', '5'])).toEqual({ people: 3, requests: 5 })
  expect(readSignInFlags(['--help'])).toBe('help')
})

it.each([
  [['--people', '0'], '--people'],
  [['--requests', 'many'], '--requests'],
  [['--unheard-of'], '--unheard-of'],
])('refuses %j and names it', (args, named) => {
  expect(() => readSignInFlags(args)).toThrow(named)
})
