import { expect, it } from 'vitest'
import { compileRequiredValue, longestRequiredValue } from '../../contract/required-headers.ts'

it.each([
  ['*', 'anything', true],
  ['*', '', false],
  ['team-\\d+', 'team-7', true],
  ['team-\\d+', 'team-7 and more', false],
  ['team-\\d+', 'my team-7', false],
  ['a|b', 'a', true],
  ['a|b', 'ab', false],
  ['^a$', 'a', true],
  ['prod', 'PROD', false],
  ['(?i)prod', 'PROD', true],
  ['a*', '', true],
])('%s accepts the whole value %j: %s', (pattern, value, expected) => {
  expect(compileRequiredValue(pattern)(value)).toBe(expected)
})

it('a value that is too long to be matched for nothing fits no pattern, but any value may be that long', () => {
  const value = 'a'.repeat(longestRequiredValue + 1)
  expect(compileRequiredValue('a*')(value.slice(1))).toBe(true)
  expect(compileRequiredValue('a*')(value)).toBe(false)
  expect(compileRequiredValue('*')(value)).toBe(true)
})
