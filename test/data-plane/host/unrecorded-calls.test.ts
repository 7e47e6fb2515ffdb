import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DataPlaneEvent } from '../../../contract/events.ts'
import { DurableJournal } from '../../../data-plane/host/journal.ts'
import type { JournalOptions } from '../../../data-plane/host/journal-options.ts'
import type { Outcome } from '../../../plugins/sdk/call.ts'
import { callOf } from '../recorded-call.ts'

const succeeded: Outcome = {
  ...{ outcome: 'succeeded', status: 200, errorCode: null, refusedBy: null },
  durationMs: 12,
}
const denied: Outcome = { ...succeeded, outcome: 'denied', status: 401, errorCode: 'virtual_key_required' }
const auditUnavailable = expect.objectContaining({ code: 'audit_unavailable', status: 503 })
const log = { warn() {}, error() {} }

let directory: string
let now = 1_700_000_000_000
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function open(options: Partial<JournalOptions> = {}): DurableJournal {
  const limits = { maxBytes: 20_000, segmentBytes: 4_096 }
  return DurableJournal.open({
    ...{ directory, durability: 'process', whenFull: 'count', log, now: () => now, ...limits, ...options },
  })
}

/** Until no call is admitted that needs a record. */
function fill(journal: DurableJournal): void {
  for (let index = 0; !journal.isFull; index++) {
    const call = callOf({ id: `recorded_${index}` })
    journal.intend(call)
    journal.finish(call, succeeded, [])
    journal.flush()
  }
}

/** The control plane takes in all that is recorded. @returns the events */
function drain(journal: DurableJournal): DataPlaneEvent[] {
  const events: DataPlaneEvent[] = []
  for (let run = journal.recent.first(); run; run = journal.recent.first()) {
    events.push(...JSON.parse(`[${run.json}]`))
    journal.recent.removeUpTo(run.end)
    journal.markShipped(run.end, run.count)
    journal.flush()
  }
  return events
}

describe('calls that a full journal has no room for, where the operator lets them be counted', () => {
  it('are served and counted, and the count is told as soon as there is room', async () => {
    const journal = open({ durability: 'sync', maxBytes: 40_000 })
    fill(journal)
    const from = now
    for (let index = 0; index < 7; index++) {
      now += 1_000
      const call = callOf({ id: `call_${index}` })
      journal.intend(call)
      journal.finish(call, succeeded, [])
    }
    journal.finish(callOf({ id: 'refused' }), denied, [])
    expect(journal).toMatchObject({ unrecordedCalls: 7, unrecordedRefusals: 1 })
    // The segments can be given up once they are known to survive a loss of power.
    await journal.filesSecured()
    const events = drain(journal)
    expect(events.filter((event) => event.type === 'calls.unrecorded')).toEqual([
      expect.objectContaining({ from: from + 1_000, until: from + 7_000, served: 7, refused: 1 }),
    ])
    expect(events.some((event) => 'attemptId' in event && event.attemptId.startsWith('call_'))).toBe(false)
    expect(journal.isFull).toBe(false)
    await journal.close()
  })

  it('are refused all the same when they spend a budget’s money', () => {
    const journal = open()
    fill(journal)
    const hold = { nanoUsd: 100, charges: [{ leaseId: 'lease_1', budgetId: 'bud_1' }] }
    expect(() => journal.intend(callOf({ id: 'call_1', hold }))).toThrow(auditUnavailable)
    expect(journal.unrecordedCalls).toBe(0)
  })

  it('are refused unless the operator says so', () => {
    const journal = open({ whenFull: 'refuse' })
    fill(journal)
    expect(() => journal.intend(callOf({ id: 'call_1' }))).toThrow(auditUnavailable)
    expect(journal.unrecordedCalls).toBe(0)
  })

  it('stay counted when the process dies before there is room', () => {
    const journal = open()
    fill(journal)
    for (let index = 0; index < 3; index++) journal.intend(callOf({ id: `call_${index}` }))
    expect(readFileSync(join(directory, 'unrecorded.json'))).toHaveLength(512)
    const next = open({ maxBytes: 1024 ** 2 })
    next.finish(callOf({ id: 'after' }), denied, [])
    next.flush()
    expect(drain(next)).toContainEqual(
      expect.objectContaining({ type: 'calls.unrecorded', served: 3, refused: 0 }),
    )
    expect(readFileSync(join(directory, 'unrecorded.json'), 'utf8').trim()).toBe('')
  })
})
