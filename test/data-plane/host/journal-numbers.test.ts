import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BacklogAge } from '../../../data-plane/host/backlog-age.ts'
import { FillRate } from '../../../data-plane/host/fill-rate.ts'
import { DurableJournal } from '../../../data-plane/host/journal.ts'
import type { Outcome } from '../../../plugins/sdk/call.ts'
import { callOf } from '../recorded-call.ts'

const denied: Outcome = {
  ...{ outcome: 'denied', status: 401, errorCode: 'virtual_key_required', refusedBy: null },
  durationMs: 5,
}

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

describe('the numbers of a journal', () => {
  let now = 1_700_000_000_000
  const log = { warn() {}, error() {} }
  const open = () => DurableJournal.open({ directory, durability: 'process', log, now: () => now })
  const record = (journal: DurableJournal, id: string) => {
    journal.finish(callOf({ id, receivedAt: now }), denied, [])
    journal.flush()
  }

  it('tell since when the oldest event waits for the control plane, also to the next process', () => {
    const journal = open()
    expect(journal.oldestUnshippedAt).toBeNull()
    const first = now
    record(journal, 'call_1')
    now += 5_000
    record(journal, 'call_2')
    expect(journal.oldestUnshippedAt).toBe(first)
    expect(open().oldestUnshippedAt).toBe(first + denied.durationMs)
    const run = journal.recent.first()
    if (!run) throw new Error('nothing is recorded')
    now += 5_000
    const third = now
    record(journal, 'call_3')
    journal.markShipped(run.end, run.count)
    expect(journal.oldestUnshippedAt).toBe(third)
    const rest = journal.recent
    rest.removeUpTo(run.end)
    const last = rest.first()
    if (last) journal.markShipped(last.end, last.count)
    expect(journal.oldestUnshippedAt).toBeNull()
  })

  it('tell how large it is and how fast it grows', () => {
    const journal = open()
    const before = journal.bytes
    expect(journal.bytesPerSecond).toBe(0)
    record(journal, 'call_1')
    expect(journal.bytes).toBeGreaterThan(before)
    expect(journal.bytesPerSecond).toBeGreaterThan(0)
    expect(journal).toMatchObject({ maxBytes: 1024 ** 3, isFull: false, isFailing: false })
  })
})

describe('the age of a backlog', () => {
  const at = (second: number) => ({ segment: 1, offset: second * 100 })

  it('is never told lower than it is, over however long an outage, in bounded memory', () => {
    const age = new BacklogAge()
    for (let second = 0; second < 100_000; second++) age.add(at(second), second * 1_000)
    expect(age.oldestAt).toBe(0)
    for (let second = 500; second < 100_000; second += 500) {
      age.shipped(at(second), false)
      expect(age.oldestAt).toBeLessThanOrEqual(second * 1_000)
      expect(age.oldestAt).toBeGreaterThanOrEqual((second - 300) * 1_000)
    }
    age.shipped(at(100_000), true)
    expect(age.oldestAt).toBeNull()
  })
})

describe('the fill rate', () => {
  it('comes to what is written a second, and forgets when nothing is', () => {
    let now = 0
    const rate = new FillRate(() => now)
    for (; now < 600_000; now += 100) rate.add(500)
    expect(rate.bytesPerSecond).toBeGreaterThan(4_900)
    expect(rate.bytesPerSecond).toBeLessThan(5_100)
    now += 600_000
    expect(rate.bytesPerSecond).toBeLessThan(1)
  })
})
