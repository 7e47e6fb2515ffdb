import { expect, test } from 'vitest'
import { readFlags } from '../../prove/flags.ts'
import type { Proof } from '../../prove/proof.ts'

const proofs = ['first', 'second', 'third'].map((name): Proof => ({ name, async *prove() {} }))
const namesOf = (...args: string[]) => {
  const wanted = readFlags(args, proofs)
  return typeof wanted === 'string' ? wanted : wanted.map(({ name }) => name)
}

test('without a flag every promise is put to the proof', () => {
  expect(namesOf()).toEqual(['first', 'second', 'third'])
})

test('a run that was stopped goes on where it was', () => {
  expect(namesOf('--from', 'second')).toEqual(['second', 'third'])
})

test('single ones can be asked for', () => {
  expect(namesOf('--only', 'third, first')).toEqual(['first', 'third'])
})

test.each(['--only', '--from'])('%s names what it takes', (flag) => {
  expect(() => readFlags([flag, 'fourth'], proofs)).toThrow(
    `${flag} takes first, second, third, not "fourth"`,
  )
})
