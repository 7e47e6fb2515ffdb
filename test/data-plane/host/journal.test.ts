import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallFinished, DataPlaneEvent } from '../../../contract/events.ts'
import { readEvents } from '../../../contract/read-events.ts'
import { DurableJournal } from '../../../data-plane/host/journal.ts'
import type { JournalOptions } from '../../../data-plane/host/journal-options.ts'
import { replayJournal } from '../../../data-plane/host/replay.ts'
import type { BuiltinCall } from '../../../plugins/sdk/builtin.ts'
import type { Outcome } from '../../../plugins/sdk/call.ts'
import { callOf } from '../recorded-call.ts'

const log = { warn() {}, error() {} }
const succeeded: Outcome = {
  outcome: 'succeeded',
  status: 200,
  errorCode: null,
  refusedBy: null,
  durationMs: 12,
}
const denied: Outcome = { ...succeeded, outcome: 'denied', status: 401, errorCode: 'virtual_key_required' }

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function openJournal(options: Partial<JournalOptions> = {}) {
  const journal = DurableJournal.open({ directory, durability: 'process', log, ...options })
  journal.attachLedger(
    (hold) => hold.charges.map(({ leaseId }) => ({ leaseId, nanoUsd: hold.nanoUsd })),
    () => {},
  )
  return journal
}

const lease = { leaseId: 'lease_1', budgetId: 'bud_1', remainingNanoUsd: 1000, windowEndsAt: null }
const held = (nanoUsd: number): Partial<BuiltinCall> => ({
  hold: { nanoUsd, charges: [{ leaseId: 'lease_1', budgetId: 'bud_1' }] },
})

/** The events that a reader of the files finds. */
function eventsOnDisk(): CallFinished[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line.startsWith('{"event":'))
    .flatMap((line) => readEvents(`[${JSON.stringify(JSON.parse(line).event)}]`))
    .filter(isCall)
}

function isCall(event: DataPlaneEvent): event is CallFinished {
  return event.type === 'call.finished'
}

describe('the journal after a crash', () => {
  it('charges a call without an end what was set aside for it, once, and takes up its leases', () => {
    const before = openJournal()
    before.granted('request_1', [lease])
    before.intend(callOf({ id: 'call_1', ...held(300) }))
    before.intend(callOf({ id: 'call_2', ...held(200) }))
    before.finish(callOf({ id: 'call_2', ...held(200) }), succeeded, [{ leaseId: 'lease_1', nanoUsd: 50 }])
    before.flush()
    const after = openJournal()
    expect(
      eventsOnDisk().map(({ attemptId, outcome, charges }) => ({ attemptId, outcome, charges })),
    ).toEqual([
      { attemptId: 'call_2', outcome: 'succeeded', charges: [{ leaseId: 'lease_1', nanoUsd: 50 }] },
      { attemptId: 'call_1', outcome: 'unknown', charges: [{ leaseId: 'lease_1', nanoUsd: 300 }] },
    ])
    expect(after.recovered.leases).toEqual([{ ...lease, remainingNanoUsd: 650 }])
    expect(openJournal().recovered.leases).toEqual([{ ...lease, remainingNanoUsd: 650 }])
    expect(eventsOnDisk()).toHaveLength(2)
  })

  it('charges each of the leases of one call, through a segment’s checkpoint and without it', () => {
    const leases = ['lease_1', 'lease_2', 'lease_3'].map((leaseId) => ({ ...lease, leaseId }))
    const charges = leases.map(({ leaseId, budgetId }) => ({ leaseId, budgetId }))
    const call = (id: string) => callOf({ id, hold: { nanoUsd: 300, charges } })
    const before = openJournal({ segmentBytes: 4096 })
    before.granted('request_1', leases)
    before.intend(call('open'))
    for (let index = 0; index < 20; index++) {
      const spent = leases.map(({ leaseId }, lease) => ({ leaseId, nanoUsd: lease < 2 ? 5 : 7 }))
      before.intend(call(`call_${index}`))
      before.finish(call(`call_${index}`), succeeded, spent)
    }
    before.flush()
    expect(readdirSync(directory).length).toBeGreaterThan(3)
    expect(openJournal().recovered.leases).toEqual([
      { ...lease, leaseId: 'lease_1', remainingNanoUsd: 600 },
      { ...lease, leaseId: 'lease_2', remainingNanoUsd: 600 },
      { ...lease, leaseId: 'lease_3', remainingNanoUsd: 560 },
    ])
    expect(eventsOnDisk().at(-1)).toMatchObject({
      attemptId: 'open',
      outcome: 'unknown',
      charges: leases.map(({ leaseId }) => ({ leaseId, nanoUsd: 300 })),
    })
  })

  it('finds every intent on disk before the provider can have been asked', () => {
    const journal = openJournal()
    journal.intend(callOf({ id: 'call_1' }))
    expect(replayJournal(directory).state.openCalls.has('call_1')).toBe(true)
  })

  it('asks again for what was asked and not answered', async () => {
    const ask = { budgetId: 'bud_1', wantedNanoUsd: 10, neededNanoUsd: 5 }
    const request = {
      format: 1 as const,
      id: 'request_1',
      organizationId: 'org_1',
      dataPlaneId: 'dp_1',
      asks: [ask],
    }
    const journal = openJournal()
    journal.asked(request)
    await journal.secured()
    expect(openJournal().recovered.asks).toEqual([request])
  })

  it('drops a last line that was cut off, and keeps all before it', () => {
    const journal = openJournal()
    journal.intend(callOf({ id: 'call_1' }))
    const name = readdirSync(directory)[0] ?? ''
    appendFileSync(join(directory, name), '{"event":{"type":"call.fin')
    expect(openJournal().backlog).toBe(1)
    expect(eventsOnDisk().map(({ attemptId }) => attemptId)).toEqual(['call_1'])
  })

  it('drops the cut-off end of a full segment too, as a loss of power can leave it', () => {
    const journal = openJournal({ segmentBytes: 4096 })
    for (let index = 0; index < 20; index++) journal.intend(callOf({ id: `call_${index}` }))
    const name = readdirSync(directory).sort()[0] ?? ''
    const path = join(directory, name)
    writeFileSync(path, readFileSync(path).subarray(0, -10))
    const after = openJournal()
    expect(after.backlog).toBe(20)
    expect(readFileSync(path, 'utf8')).toMatch(/\n$/)
    expect(openJournal().backlog).toBe(20)
  })

  it('does not start over a damaged line in the middle', () => {
    openJournal().intend(callOf({ id: 'call_1' }))
    const path = join(directory, readdirSync(directory)[0] ?? '')
    const lines = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, [lines[0], lines[1]?.slice(5), lines[1], ''].join('\n'))
    expect(() => openJournal()).toThrow(/damaged at byte/)
  })

  it('keeps open calls and leases over many segments, and forgets shipped ones', () => {
    const journal = openJournal({ segmentBytes: 4096 })
    journal.granted('request_1', [lease])
    journal.intend(callOf({ id: 'open', ...held(100) }))
    for (let index = 0; index < 50; index++) {
      const call = callOf({ id: `call_${index}` })
      journal.intend(call)
      journal.finish(call, succeeded, [])
    }
    journal.flush()
    expect(readdirSync(directory).length).toBeGreaterThan(3)
    const after = openJournal()
    expect(after.backlog).toBe(51)
    expect(after.recovered.leases).toEqual([{ ...lease, remainingNanoUsd: 900 }])
  })
})

describe('the journal’s bound', () => {
  it('refuses calls with audit_unavailable when it is full, and refusals alone cannot fill it', () => {
    const journal = openJournal({ maxBytes: 20_000 })
    for (let index = 0; index < 100; index++) {
      journal.finish(callOf({ id: `refused_${index}` }), denied, [])
      journal.flush()
    }
    const size = () =>
      readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
    expect(size()).toBeLessThan(12_000)
    const fill = () => {
      for (let index = 0; index < 100; index++) journal.intend(callOf({ id: `call_${index}` }))
    }
    expect(fill).toThrow(expect.objectContaining({ code: 'audit_unavailable' }))
    expect(size()).toBeLessThan(20_000)
  })

  it('refuses a call whose intent has no room, instead of letting it go unrecorded', () => {
    const journal = openJournal()
    const call = callOf({ id: 'call_1', model: 'x'.repeat(65 * 1024 ** 2) })
    expect(() => journal.intend(call)).toThrow(expect.objectContaining({ code: 'audit_unavailable' }))
    expect(replayJournal(directory).state.openCalls.size).toBe(0)
  })

  it('refuses with audit_unavailable when the disk cannot be written', () => {
    const journal = openJournal({ segmentBytes: 10 })
    journal.intend(callOf({ id: 'call_0' }))
    rmSync(directory, { recursive: true })
    // The segment is full: the next one cannot be made.
    expect(() => journal.intend(callOf({ id: 'call_1' }))).toThrow(
      expect.objectContaining({ code: 'audit_unavailable' }),
    )
    directory = mkdtempSync(join(tmpdir(), 'journal-'))
  })

  it('resolves an intent in sync mode, for many calls at once', async () => {
    const journal = openJournal({ durability: 'sync' })
    const calls = Array.from({ length: 20 }, (_, index) => callOf({ id: `call_${index}` }))
    await Promise.all(calls.map((call) => journal.intend(call)))
    expect(replayJournal(directory).state.openCalls.size).toBe(20)
    await journal.close()
  })
})
