import fc from 'fast-check'
import { afterEach, beforeEach, describe, it, vi } from 'vitest'
import { JournalRun } from './journal-run.ts'
import type { Delivery } from './scripted-stream.ts'

type Step = (run: JournalRun) => void | Promise<void>

const pick = fc.nat({ max: 7 })
const nanoUsd = fc.integer({ min: 1, max: 1_000_000 })

const named = (name: string, step: Step): Step => Object.assign(step, { toString: () => name })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: nanoUsd.map((amount) => named(`grant ${amount}`, (run) => run.grant(amount))) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(nanoUsd, pick)
      .map(([amount, lease]) => named(`intend ${amount} ${lease}`, (run) => run.intend(amount, lease))),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(pick, fc.constantFrom(0.5, 1))
      .map(([call, share]) => named(`finish ${call} ${share}`, (run) => run.finish(call, share))),
  },
  { weight: 2, arbitrary: fc.constant(named('refuse', (run) => run.refuse())) },
  { weight: 1, arbitrary: pick.map((lease) => named(`close ${lease}`, (run) => run.closeLease(lease))) },
  { weight: 2, arbitrary: fc.constant(named('flush', (run) => run.flush())) },
  { weight: 2, arbitrary: fc.constant(named('turn', (run) => run.turn())) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom<Delivery>('taken', 'taken', 'kept', 'lost', 'unanswered', 'refused')
      .map((delivery) => named(`ship ${delivery}`, (run) => run.ship(delivery))),
  },
  { weight: 1, arbitrary: fc.constant(named('drain', (run) => run.drain())) },
  { weight: 2, arbitrary: fc.constant(named('crash', (run) => run.crash())) },
)

const options = fc.record({
  segmentBytes: fc.integer({ min: 100, max: 3_000 }),
  // From nothing in memory to all of it.
  maxRecentBytes: fc.constantFrom(0, 700, 2_000, 1_000_000),
})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('whatever happens to a journal and its shipper', () => {
  it('each event is shipped once and in order or still counted, each call ends once, and the leases add up', async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.array(step, { minLength: 10, maxLength: 50 }), async (tiny, steps) => {
        const run = new JournalRun(tiny)
        try {
          run.grant(1_000_000_000)
          for (const step of steps) {
            await step(run)
            run.check()
          }
          await run.end()
        } finally {
          await run.dispose()
        }
      }),
      { numRuns: 40 },
    )
  })
})
