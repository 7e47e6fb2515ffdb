import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GroupSync } from '../../../data-plane/host/group-sync.ts'
import { DurableJournal } from '../../../data-plane/host/journal.ts'
import type { JournalOptions } from '../../../data-plane/host/journal-options.ts'
import { parseRecord } from '../../../data-plane/host/journal-record.ts'
import { segmentPath } from '../../../data-plane/host/segment-file.ts'
import { Shipper } from '../../../data-plane/host/shipper.ts'
import type { BuiltinCall } from '../../../plugins/sdk/builtin.ts'
import type { Outcome } from '../../../plugins/sdk/call.ts'
import { callOf } from '../recorded-call.ts'
import {
  countOpenFiles,
  liftFileLimit,
  limitFileBytes,
  newestFileBytes,
  replaceOpenFile,
} from './failing-disk.ts'
import { controlPlaneKeys, dataPlaneKey, ScriptedStream } from './scripted-stream.ts'

const log = { warn() {}, error() {} }
const succeeded: Outcome = {
  outcome: 'succeeded',
  status: 200,
  errorCode: null,
  refusedBy: null,
  durationMs: 12,
}
const denied: Outcome = { ...succeeded, outcome: 'denied', status: 503, errorCode: 'audit_unavailable' }
const auditUnavailable = expect.objectContaining({ code: 'audit_unavailable', status: 503 })
const retryMs = 1_000
const lease = { leaseId: 'lease_1', budgetId: 'bud_1', remainingNanoUsd: 1_000, windowEndsAt: null }
const charge = (nanoUsd: number) => [{ leaseId: 'lease_1', nanoUsd }]

let directory: string
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'journal-')))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  liftFileLimit()
  vi.useRealTimers()
  rmSync(directory, { recursive: true, force: true })
})

function openJournal(options: Partial<JournalOptions> = {}): DurableJournal {
  const journal = DurableJournal.open({ directory, durability: 'process', log, ...options })
  journal.attachLedger(
    (hold) => hold.charges.map(({ leaseId }) => ({ leaseId, nanoUsd: hold.nanoUsd })),
    () => {},
  )
  return journal
}

function call(id: string, nanoUsd = 100): BuiltinCall {
  return callOf({ id, hold: { nanoUsd, charges: [{ leaseId: 'lease_1', budgetId: 'bud_1' }] } })
}

/** As the pipeline does: a call that cannot be recorded is refused, and its refusal is recorded. */
function refuse(journal: DurableJournal, refused: BuiltinCall): void {
  expect(() => journal.intend(refused)).toThrow(auditUnavailable)
  journal.finish(refused, denied, [])
}

/** What the next process would find, had this one died now. */
function restart(): DurableJournal {
  const left = directory
  directory = mkdtempSync(join(tmpdir(), 'journal-'))
  cpSync(left, directory, { recursive: true })
  rmSync(left, { recursive: true })
  return openJournal()
}

/** Ids and outcomes of the events in the files, each line of which has to be whole. */
function outcomesOnDisk(): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith('journal-'))
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n').filter(Boolean))
    .map((line) => parseRecord(Buffer.from(line)))
    .flatMap((record) => ('event' in record ? [record.event] : []))
    .map((event) => (event.type === 'call.finished' ? `${event.attemptId} ${event.outcome}` : event.type))
}

describe.runIf(process.platform === 'linux')('a journal on a full disk', () => {
  /** With room for a part of the next line, and one call that is under way. */
  function fillUp(): DurableJournal {
    const journal = openJournal()
    journal.granted('request_1', [lease])
    journal.intend(call('before'))
    journal.finish(call('before'), succeeded, charge(50))
    journal.intend(call('under way'))
    limitFileBytes(newestFileBytes(directory) + 300)
    return journal
  }

  it('admits no call, and tears nothing', () => {
    const journal = fillUp()
    refuse(journal, call('call_1'))
    refuse(journal, call('call_2'))
    expect(outcomesOnDisk()).toEqual(['before succeeded'])
    expect(journal.backlog).toBe(3)
  })

  it('writes what was recorded meanwhile once the disk takes it again, in order and once, and admits calls', async () => {
    const journal = fillUp()
    refuse(journal, call('call_1'))
    journal.finish(call('under way'), succeeded, charge(70))
    await vi.advanceTimersByTimeAsync(3 * retryMs)
    expect(outcomesOnDisk()).toEqual(['before succeeded'])
    liftFileLimit()
    await vi.advanceTimersByTimeAsync(retryMs)
    expect(outcomesOnDisk()).toEqual(['before succeeded', 'call_1 denied', 'under way succeeded'])
    journal.intend(call('after'))
    journal.finish(call('after'), succeeded, charge(30))
    journal.flush()
    const next = restart()
    expect(outcomesOnDisk().slice(3)).toEqual(['after succeeded'])
    expect(next.backlog).toBe(4)
    expect(next.recovered.leases).toEqual([{ ...lease, remainingNanoUsd: 850 }])
  })

  it('charges nothing for a refused call when the process dies before the disk takes its record', () => {
    const journal = fillUp()
    refuse(journal, call('call_1', 500))
    liftFileLimit()
    const next = restart()
    expect(outcomesOnDisk()).toEqual(['before succeeded', 'under way unknown'])
    expect(next.recovered.leases).toEqual([{ ...lease, remainingNanoUsd: 850 }])
  })

  it('charges nothing for a refused call when the process dies after the disk has taken its record', async () => {
    const journal = fillUp()
    refuse(journal, call('call_1', 500))
    liftFileLimit()
    await vi.advanceTimersByTimeAsync(retryMs)
    const next = restart()
    expect(outcomesOnDisk()).toEqual(['before succeeded', 'call_1 denied', 'under way unknown'])
    expect(next.recovered.leases).toEqual([{ ...lease, remainingNanoUsd: 850 }])
  })

  it('rejects all that wait for one sync, and the next ones are admitted once the disk takes them', async () => {
    const journal = openJournal({ durability: 'sync' })
    limitFileBytes(newestFileBytes(directory) + 300)
    const waiting = ['call_1', 'call_2', 'call_3'].map((id) => journal.intend(call(id)))
    for (const { status, reason } of await settled(waiting))
      expect({ status, reason }).toEqual({ status: 'rejected', reason: auditUnavailable })
    liftFileLimit()
    await vi.advanceTimersByTimeAsync(retryMs)
    await journal.intend(call('call_4'))
  })
})

describe.runIf(process.platform === 'linux')('a segment that cannot be begun', () => {
  /** A journal whose segment is full, while the place of the next one refuses every write. */
  function blockNextSegment(): { journal: DurableJournal; next: string } {
    const journal = openJournal({ segmentBytes: 500 })
    journal.granted('request_1', [lease])
    journal.intend(call('under way'))
    const next = segmentPath(directory, 2)
    symlinkSync('/dev/full', next)
    return { journal, next }
  }

  it('stops calls, and leaves nothing open however often it is tried', async () => {
    const { journal } = blockNextSegment()
    refuse(journal, call('call_1'))
    const before = countOpenFiles()
    await vi.advanceTimersByTimeAsync(20 * retryMs)
    expect(countOpenFiles()).toBe(before)
  })

  it('loses and doubles nothing once it can be begun', async () => {
    const { journal, next } = blockNextSegment()
    refuse(journal, call('call_1', 500))
    journal.finish(call('under way'), succeeded, charge(70))
    await vi.advanceTimersByTimeAsync(2 * retryMs)
    unlinkSync(next)
    await vi.advanceTimersByTimeAsync(retryMs)
    journal.intend(call('call_2'))
    const after = restart()
    expect(outcomesOnDisk()).toEqual(['call_1 denied', 'under way succeeded', 'call_2 unknown'])
    expect(after.recovered.leases).toEqual([{ ...lease, remainingNanoUsd: 830 }])
  })
})

describe.runIf(process.platform === 'linux')('what is shipped while the disk is full', () => {
  it('leaves the rest of the journal shippable, though the process dies before it has written how far it got', async () => {
    const journal = openJournal({ segmentBytes: 500, durability: 'sync' })
    for (const id of ['call_1', 'call_2', 'call_3']) {
      await journal.intend(call(id))
      journal.finish(call(id), succeeded, [])
      journal.flush()
    }
    limitFileBytes(newestFileBytes(directory))
    const run = journal.recent.first()
    if (run) journal.markShipped(run.end, run.count)
    expect(journal.backlog).toBe(0)
    expect(readdirSync(directory)).not.toContain('journal-00000001.ndjson')
    liftFileLimit()
    const next = restart()
    next.finish(call('call_4'), denied, [])
    vi.useRealTimers()
    const shipped = await ship(next)
    expect(shipped.at(-1)).toBe('call_4')
    expect(next.backlog).toBe(0)
  })

  it('is what the files hold, which makes room for what waits', async () => {
    const journal = openJournal({ segmentBytes: 500, durability: 'sync' })
    await journal.intend(call('call_1'))
    journal.finish(call('call_1'), succeeded, [])
    journal.flush()
    limitFileBytes(newestFileBytes(directory))
    journal.finish(call('call_2'), denied, [])
    await expect(journal.secured()).rejects.toEqual(auditUnavailable)
    await expect(journal.filesSecured()).resolves.toBeUndefined()
  })
})

describe('a sync that fails', () => {
  it('rejects exactly those that shared it', async () => {
    const outcomes = [Promise.reject(new Error('disk gone')), Promise.resolve()]
    outcomes[0]?.catch(() => {})
    const sync = new GroupSync(() => outcomes.shift() ?? Promise.resolve())
    const shared = [sync.wait(), sync.wait()]
    for (const { status } of await settled(shared)) expect(status).toBe('rejected')
    await expect(sync.wait()).resolves.toBeUndefined()
  })

  it.runIf(process.platform === 'linux')(
    'refuses the calls that waited for it, and no later ones',
    async () => {
      const journal = openJournal({ durability: 'sync' })
      await journal.intend(call('call_1'))
      // What cannot be synced takes writes all the same, as a disk does that fails later.
      const putBack = replaceOpenFile(segmentPath(directory, 1), '/dev/null')
      for (const { status, reason } of await settled([
        journal.intend(call('call_2')),
        journal.intend(call('call_3')),
      ]))
        expect({ status, reason }).toEqual({ status: 'rejected', reason: auditUnavailable })
      putBack()
      await journal.intend(call('call_4'))
      await journal.close()
    },
  )
})

async function settled(
  work: readonly (void | Promise<void>)[],
): Promise<{ readonly status: string; readonly reason?: unknown }[]> {
  return await Promise.allSettled(work)
}

/** Ships what the journal holds. @returns the ids of the calls */
async function ship(journal: DurableJournal): Promise<string[]> {
  const ids: string[] = []
  const stream = new ScriptedStream(({ events }) => {
    for (const event of events) if (event.type === 'call.finished') ids.push(event.attemptId)
  })
  stream.startDraining()
  const source = { organizationId: 'org_1', dataPlaneId: 'dp_1', signingKey: dataPlaneKey }
  const shipper = new Shipper({ ...source, journal, events: stream, controlPlaneKeys, log })
  shipper.start()
  await shipper.close(2_000)
  return ids
}
