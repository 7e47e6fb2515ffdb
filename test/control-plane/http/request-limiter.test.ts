import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createRequestLimiter } from '../../../control-plane/http/request-limiter.ts'
import { senderAddress } from '../../../control-plane/http/sender-address.ts'

const limiterOf = (requestsPerMinute: number, now: () => number) =>
  createRequestLimiter({ requestsPerMinute, kind: 'test', now, shared: undefined })

it('admits so many at once, and as many a minute after that; never more, whatever the pauses', async () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 30 }), pauses, async (limit, waits) => {
      let now = 0
      const limiter = limiterOf(limit, () => now)
      let admitted = 0
      for (const wait of waits) {
        now += wait
        if ((await limiter.admit('a')).admitted) admitted += 1
        expect(admitted).toBeLessThanOrEqual(limit + (limit * now) / 60_000 + 1e-6)
      }
    }),
  )
})

it('whoever waits as long as it says is admitted, and not before', async () => {
  let now = 0
  const limiter = limiterOf(2, () => now)
  for (const remaining of [1, 0]) expect(await limiter.admit('a')).toMatchObject({ remaining })
  expect(await limiter.admit('a')).toEqual({ admitted: false, remaining: 0, retryAfterSeconds: 30 })
  expect((await limiter.admit('b')).admitted).toBe(true)
  now = 29_999
  expect(await limiter.admit('a')).toEqual({ admitted: false, remaining: 0, retryAfterSeconds: 1 })
  now = 30_000
  expect((await limiter.admit('a')).admitted).toBe(true)
})

it('remembers a bounded number of senders, and forgets who was quiet the longest', async () => {
  const limiter = limiterOf(1, () => 0)
  expect((await limiter.admit('busy')).admitted).toBe(true)
  for (let sender = 0; sender < 50_000; sender++) {
    await limiter.admit(String(sender))
    if (sender % 1_000 === 0) expect((await limiter.admit('busy')).admitted).toBe(false)
  }
  expect(limiter.tracked).toBe(20_000)
})

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0:1::/64'],
  ['2001:DB8::1:0:0:0:1', '2001:db8:0:1::/64'],
  ['2001:0db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('an IPv6 subscriber is one sender, whatever address of its network it takes: %s', (address, sender) => {
  expect(senderAddress(address)).toBe(sender)
})
