import { expect, it } from 'vitest'
import { HeldPolls, TooManyPolls } from '../../../control-plane/polls/held-polls.ts'

it('a commit that is heard of before the rest begins ends it at once', async () => {
  const poll = new HeldPolls().hold('org_1', 'dp_1')
  poll.wake()
  await poll.rest(60_000)
  expect(poll.hasEnded).toBe(false)
})

it('a commit of another organization wakes nobody', async () => {
  const polls = new HeldPolls()
  const poll = polls.hold('org_1', 'dp_1')
  polls.wake('org_2')
  let isWoken = false
  const rest = poll.rest(60_000).then(() => {
    isWoken = true
  })
  await new Promise((turn) => setImmediate(turn))
  expect(isWoken).toBe(false)
  polls.wake('org_1')
  await rest
})

it('no more than a bounded number is held, and one that ends makes room', () => {
  const polls = new HeldPolls()
  const first = polls.hold('org_1', 'dp_0')
  const hold = (number: number) => polls.hold('org_1', `dp_${number}`)
  for (let number = 1; number < 2_000; number += 1) hold(number)
  expect(() => hold(2_000)).toThrow(TooManyPolls)
  // The same data plane takes the place of its own earlier poll.
  hold(1_999)
  first.end()
  hold(2_000)
})

it('once closed, nothing is held any more', async () => {
  const polls = new HeldPolls()
  const before = polls.hold('org_1', 'dp_1')
  polls.close()
  expect([before, polls.hold('org_1', 'dp_2')].map(({ hasEnded }) => hasEnded)).toEqual([true, true])
  await before.rest(60_000)
})
