import { expect, it } from 'vitest'
import { UnconfirmedBatches } from '../../../data-plane/host/unconfirmed.ts'

const batch = (sequence: number) => ({
  sequence,
  sealed: Buffer.from(`batch ${sequence}`),
  count: sequence,
  end: { segment: 1, offset: sequence },
  entryId: `entry_${sequence}`,
})

it('a batch that is never confirmed is looked at ever more rarely the more often it was sent', () => {
  const batches = new UnconfirmedBatches(1)
  batches.add(batch(1), 0)
  expect(batches.due(999)).toEqual([])
  const pauses: number[] = []
  for (let now = 1_000, sendings = 0; sendings < 12; sendings++) {
    const [due] = batches.due(now)
    if (!due) throw new Error(`nothing is due at ${now}`)
    due.timesSent++
    batches.postpone(due, now)
    pauses.push(due.checkAt - now)
    now = due.checkAt
  }
  expect(pauses.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000])
  expect(pauses.slice(-3)).toEqual([300_000, 300_000, 300_000])
})

it('gives up, in order, what is confirmed and nothing behind it', () => {
  const batches = new UnconfirmedBatches(3)
  for (const sequence of [1, 2, 3]) batches.add(batch(sequence), 0)
  expect(batches.isFull).toBe(true)
  expect(batches.confirm(2).map(({ sequence }) => sequence)).toEqual([1, 2])
  expect(batches.events).toBe(3)
  expect(batches.confirm(2)).toEqual([])
  expect(batches.isEmpty).toBe(false)
})
