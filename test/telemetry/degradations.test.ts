import { expect, it } from 'vitest'
import { type Degradation, Onsets } from '../../telemetry/degradations.ts'

const degradation = (what: string): Degradation => ({
  what,
  reason: 'It is.',
  canGoOnForSeconds: null,
  whatToDo: 'Mend it.',
  stopsService: false,
})

it('a degradation lasts since it was first noticed, and anew once it was over', () => {
  let now = 1_000
  const onsets = new Onsets(() => now)
  const sinces = (...names: string[]) => onsets.note(names.map(degradation)).map(({ since }) => since)
  expect(sinces('a')).toEqual([1_000])
  now = 2_000
  expect(sinces('a', 'b')).toEqual([1_000, 2_000])
  now = 3_000
  expect(sinces('b')).toEqual([2_000])
  now = 4_000
  expect(sinces('a', 'b')).toEqual([4_000, 2_000])
})
