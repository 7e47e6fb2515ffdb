import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { maxUnconfirmedBatches } from '../../../contract/event-batch.ts'
import { DurableJournal } from '../../../data-plane/host/journal.ts'
import { Shipper } from '../../../data-plane/host/shipper.ts'
import type { Outcome } from '../../../plugins/sdk/call.ts'
import { callOf } from '../recorded-call.ts'
import { IngestingStream } from './ingesting-stream.ts'

const dataPlane = generateKeyPairSync('ed25519')
const controlPlane = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ed25519')
const controlPlaneKey = { id: 'cp', privateKey: controlPlane.privateKey }
const log = { warn() {}, error() {} }
const succeeded: Outcome = {
  outcome: 'succeeded',
  status: 200,
  errorCode: null,
  refusedBy: null,
  durationMs: 1,
}

/** Of the real clock, for a slow disk. */
const patienceNs = 60_000_000_000n

let directory: string
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  directory = mkdtempSync(join(tmpdir(), 'shipper-'))
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(directory, { recursive: true })
})

function start(stream: IngestingStream) {
  const journal = DurableJournal.open({ directory, durability: 'process', log, segmentBytes: 8192 })
  const shipper = new Shipper({
    journal,
    events: stream,
    organizationId: 'org_1',
    dataPlaneId: 'dp_1',
    signingKey: { id: 'dp_1', privateKey: dataPlane.privateKey },
    controlPlaneKeys: (id) => (id === 'cp' ? controlPlane.publicKey : undefined),
    log,
  })
  shipper.start()
  return { journal, shipper }
}

const newStream = () => new IngestingStream(dataPlane.publicKey, controlPlaneKey)

function record(journal: DurableJournal, id: string): void {
  const call = callOf({ id })
  journal.intend(call)
  journal.finish(call, succeeded, [])
}

/** The shipper's timers are the test's; the files need turns of the real event loop. */
async function pass(durationMs: number): Promise<void> {
  for (let elapsedMs = 0; elapsedMs < durationMs; elapsedMs += 50) {
    await vi.advanceTimersByTimeAsync(50)
    for (let turn = 0; turn < 3; turn++) await nextTurn()
  }
}

async function until(isDone: () => boolean, step: () => void = () => {}): Promise<void> {
  const deadline = process.hrtime.bigint() + patienceNs
  while (!isDone()) {
    if (process.hrtime.bigint() > deadline) throw new Error('nothing comes of it')
    step()
    await pass(100)
  }
}

async function stop({ journal, shipper }: ReturnType<typeof start>): Promise<void> {
  const closed = shipper.close(0)
  await pass(100)
  await closed
  await journal.close()
}

describe('the shipper', () => {
  it('gives up nothing that the control plane has not confirmed', async () => {
    const stream = newStream()
    const running = start(stream)
    record(running.journal, 'call_1')
    await until(() => stream.length === 1)
    await pass(5_000)
    expect(running.journal.backlog).toBe(1)
    stream.ingest()
    await until(() => running.journal.backlog === 0)
    expect([...stream.attempts]).toEqual(['call_1'])
    await stop(running)
  })

  it('tells nobody what is not on the disk for good', async () => {
    const stream = newStream()
    const running = start(stream)
    const onDisk = Promise.withResolvers<void>()
    vi.spyOn(running.journal, 'filesSecured').mockReturnValueOnce(onDisk.promise)
    record(running.journal, 'call_1')
    await pass(1_000)
    expect(stream.length).toBe(0)
    onDisk.resolve()
    await until(() => stream.length === 1)
    await stop(running)
  })

  it('begins anew after a restore: a database that has forgotten batches does not wait for them for ever', async () => {
    const stream = newStream()
    const running = start(stream)
    record(running.journal, 'call_1')
    const ingest = () => stream.ingest()
    await until(() => running.journal.backlog === 0, ingest)
    stream.forgetIngested()
    record(running.journal, 'call_2')
    for (let turn = 0; turn < 10; turn++) {
      await pass(500)
      ingest()
    }
    expect(running.journal.backlog).toBe(1)
    running.shipper.beginAnew()
    await until(() => running.journal.backlog === 0, ingest)
    expect([...stream.attempts]).toEqual(['call_2'])
    await stop(running)
  })

  it('sends again what the stream has lost, and what a process before it could not hear confirmed', async () => {
    const stream = newStream()
    const first = start(stream)
    record(first.journal, 'call_1')
    await until(() => stream.length === 1)
    record(first.journal, 'call_2')
    await until(() => stream.length === 2)
    stream.loseEverything()
    await until(() => stream.length === 2)
    await stop(first)
    stream.loseEverything()
    const second = start(stream)
    await until(
      () => second.journal.backlog === 0,
      () => stream.ingest(),
    )
    expect([...stream.attempts]).toEqual(['call_1', 'call_2'])
    await stop(second)
  })

  it('gives up what was confirmed before it heard that it was stored', async () => {
    const stream = newStream()
    const running = start(stream)
    record(running.journal, 'call_1')
    await until(() => stream.length === 1)
    const append = stream.append.bind(stream)
    vi.spyOn(stream, 'append').mockImplementationOnce(async (batch) => {
      await append(batch)
      stream.ingest()
      throw new Error('the answer is lost')
    })
    record(running.journal, 'call_2')
    await until(
      () => running.journal.backlog === 0,
      () => stream.ingest(),
    )
    expect([...stream.attempts]).toEqual(['call_1', 'call_2'])
    await stop(running)
  })

  it('believes no confirmation that somebody else has signed', async () => {
    const stream = newStream()
    const running = start(stream)
    record(running.journal, 'call_1')
    await until(() => stream.length === 1)
    stream.ingest({ id: 'cp', privateKey: stranger.privateKey })
    await pass(500)
    expect(running.journal.backlog).toBe(1)
    await stop(running)
  })

  it('leaves no more batches than are agreed with a control plane that takes in nothing', async () => {
    const stream = newStream()
    const running = start(stream)
    for (let index = 0; index < 100; index++) {
      record(running.journal, `call_${index}`)
      if (index < maxUnconfirmedBatches) await until(() => stream.length === index + 1)
    }
    await pass(1_000)
    expect(stream.length).toBe(maxUnconfirmedBatches)
    expect(running.journal.backlog).toBe(100)
    await until(
      () => running.journal.backlog === 0,
      () => stream.ingest(),
    )
    expect(stream.attempts.size).toBe(100)
    await stop(running)
  })

  it('keeps for the next start what it could not ship', async () => {
    const stream = newStream()
    stream.isAway = true
    const running = start(stream)
    record(running.journal, 'call_1')
    await pass(1_000)
    await stop(running)
    const reopened = DurableJournal.open({ directory, durability: 'process', log })
    expect(reopened.backlog).toBe(1)
    await reopened.close()
  })

  it('brings every event into the database once, in order, whatever the stream loses meanwhile', async () => {
    const action = fc.constantFrom('record', 'record', 'ingest', 'lose', 'away', 'back', 'restart', 'wait')
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const place = directory
        directory = mkdtempSync(join(tmpdir(), 'shipper-'))
        const stream = newStream()
        let running = start(stream)
        const recorded: string[] = []
        for (const name of actions) {
          if (name === 'record') {
            recorded.push(`call_${recorded.length}`)
            record(running.journal, recorded.at(-1) ?? '')
          } else if (name === 'ingest') stream.ingest()
          else if (name === 'lose') stream.loseEverything()
          else if (name === 'restart') {
            await stop(running)
            running = start(stream)
          } else if (name === 'wait') await pass(1_500)
          else stream.isAway = name === 'away'
          await pass(50)
          expect(running.journal.backlog).toBeGreaterThanOrEqual(
            recorded.filter((id) => !stream.attempts.has(id)).length,
          )
        }
        stream.isAway = false
        await until(
          () => running.journal.backlog === 0,
          () => stream.ingest(),
        )
        expect([...stream.attempts].toSorted()).toEqual(recorded.toSorted())
        await stop(running)
        rmSync(directory, { recursive: true })
        directory = place
      }),
      { numRuns: 25 },
    )
  }, 60_000)
})
