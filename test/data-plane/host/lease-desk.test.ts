import { generateKeyPairSync } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type LeaseGrant,
  type LeaseReply,
  type LeaseRequest,
  parseLeaseRequest,
} from '../../../contract/leases.ts'
import { open, type SigningKey, seal } from '../../../contract/signed.ts'
import { type Ask, LeaseDesk } from '../../../data-plane/host/lease-desk.ts'
import type { LeaseRequestEntry } from '../../../transport/lease-channel.ts'
import { createMemoryTransport } from '../../../transport/memory/create.ts'

const dataPlane = generateKeyPairSync('ed25519')
const controlPlane = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ed25519')
const controlPlaneKey: SigningKey = { id: 'control-plane', privateKey: controlPlane.privateKey }

const askFor = (budgetId: string): Ask => ({ budgetId, wantedNanoUsd: 200, neededNanoUsd: 50 })
const grantOf = ({ budgetId }: Ask): LeaseGrant => ({
  budgetId,
  leaseId: `lease_of_${budgetId}`,
  grantedNanoUsd: 200,
  windowEndsAt: null,
  limitNanoUsd: '1000',
  settledNanoUsd: '0',
  unleasedNanoUsd: '800',
})

/** A desk on an in-process channel, and everything that it tells. */
function openDesk() {
  const transport = createMemoryTransport()
  const { leases: client } = transport.dataPlane('org_1', 'dp_1')
  const { leases: server } = transport.controlPlane()
  const asked: LeaseRequest[] = []
  const granted: { requestId: string; grants: readonly LeaseGrant[] }[] = []
  const warnings: string[] = []
  const disk = { written: () => Promise.resolve() }
  const desk = new LeaseDesk({
    leases: client,
    organizationId: 'org_1',
    dataPlaneId: 'dp_1',
    signingKey: { id: 'dp_1', privateKey: dataPlane.privateKey },
    controlPlaneKeys: (id) => (id === controlPlaneKey.id ? controlPlane.publicKey : undefined),
    log: {
      warn: (_fields, message) => warnings.push(message),
      error: (_fields, message) => warnings.push(message),
    },
    onAsk: (request) => asked.push(request),
    written: () => disk.written(),
    onGrants: ({ id }, grants) => granted.push({ requestId: id, grants }),
  })
  const requests = () => server.read(['org_1'], 0)
  const answer = async (entry: LeaseRequestEntry, reply: Partial<LeaseReply> = {}, key = controlPlaneKey) => {
    const { id, asks } = opened(entry)
    const whole = { format: 1, requestId: id, dataPlaneId: 'dp_1', grants: asks.map(grantOf), ...reply }
    await server.reply(entry, 'dp_1', seal('gatehouse/lease-reply', JSON.stringify(whole), key))
    await nextTurn()
  }
  return { transport, client, server, desk, disk, asked, granted, warnings, requests, answer }
}

/** The request, once its signature by the data plane is known to be good. */
function opened({ body }: LeaseRequestEntry): LeaseRequest {
  const { payload, keyId } = open('gatehouse/lease-request', body, () => dataPlane.publicKey)
  expect(keyId).toBe('dp_1')
  return parseLeaseRequest(payload)
}

type Scene = ReturnType<typeof openDesk>

/** The only request that waits for the control plane. */
async function onlyRequest({ requests }: Scene): Promise<LeaseRequestEntry> {
  const found = await requests()
  expect(found).toHaveLength(1)
  const [entry] = found
  if (!entry) throw new Error('nothing was asked')
  return entry
}

let scene: Scene
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  scene = openDesk()
})
afterEach(async () => {
  await scene.desk.close()
  await scene.transport.close()
  vi.useRealTimers()
})

describe('what the desk asks for', () => {
  it('in one turn goes in one request, signed, which is written down before it leaves', async () => {
    const { desk, asked } = scene
    await desk.start([])
    desk.ask(askFor('bud_1'))
    desk.ask(askFor('bud_2'))
    await nextTurn()
    const request = opened(await onlyRequest(scene))
    expect(request.asks).toEqual([askFor('bud_1'), askFor('bud_2')])
    expect(asked).toEqual([request])
  })

  it('names each budget once, for the more of what was asked', async () => {
    const { desk } = scene
    await desk.start([])
    desk.ask({ budgetId: 'bud_1', wantedNanoUsd: 0, neededNanoUsd: 0 })
    desk.ask({ budgetId: 'bud_1', wantedNanoUsd: 900, neededNanoUsd: 100 })
    desk.ask({ budgetId: 'bud_1', wantedNanoUsd: 500, neededNanoUsd: 300 })
    await nextTurn()
    const { asks } = opened(await onlyRequest(scene))
    expect(asks).toEqual([{ budgetId: 'bud_1', wantedNanoUsd: 900, neededNanoUsd: 300 }])
  })

  it('goes in several requests when it is more than one may hold', async () => {
    const { desk, requests } = scene
    await desk.start([])
    for (let index = 0; index < 300; index++) desk.ask(askFor(`bud_${index}`))
    await nextTurn()
    const found = (await requests()).map(opened)
    expect(found.map(({ asks }) => asks.length)).toEqual([256, 44])
    expect(new Set(found.map(({ id }) => id)).size).toBe(2)
  })

  it('while a request is under way goes in one that leaves when that is answered', async () => {
    const { desk, answer, asked } = scene
    await desk.start([])
    desk.ask(askFor('bud_1'))
    await nextTurn()
    const first = await onlyRequest(scene)
    for (const budgetId of ['bud_2', 'bud_3']) {
      desk.ask(askFor(budgetId))
      await nextTurn()
    }
    await vi.advanceTimersByTimeAsync(19)
    expect(asked).toHaveLength(1)
    await answer(first)
    expect(opened(await onlyRequest(scene)).asks).toEqual([askFor('bud_2'), askFor('bud_3')])
    await vi.advanceTimersByTimeAsync(100)
    expect(asked).toHaveLength(2)
  })

  it('while a request is under way waits 20 milliseconds for its answer at most', async () => {
    const { desk } = scene
    await desk.start([])
    desk.ask(askFor('bud_1'))
    await nextTurn()
    await onlyRequest(scene)
    desk.ask(askFor('bud_2'))
    await vi.advanceTimersByTimeAsync(20)
    expect(opened(await onlyRequest(scene)).asks).toEqual([askFor('bud_2')])
  })

  it('is asked again, word for word and less and less often, until it is answered', async () => {
    const { desk, granted, answer } = scene
    const sent: string[] = []
    vi.spyOn(scene.client, 'send').mockImplementation(async (request) => void sent.push(request))
    await desk.start([])
    desk.ask(askFor('bud_1'))
    await nextTurn()
    const sentAfter = async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms)
      return sent.length
    }
    expect(await sentAfter(999)).toBe(1)
    expect(await sentAfter(1)).toBe(2)
    expect(await sentAfter(2_000)).toBe(3)
    expect(await sentAfter(4_000)).toBe(4)
    expect(await sentAfter(5_000)).toBe(5)
    expect(await sentAfter(10_000)).toBe(7)
    expect(new Set(sent).size).toBe(1)
    await answer({ id: '1', organizationId: 'org_1', body: sent[0] ?? '' })
    expect(granted).toHaveLength(1)
    expect(await sentAfter(120_000)).toBe(7)
  })

  it('is asked again though the channel is down for a while', async () => {
    const { desk, warnings } = scene
    await desk.start([])
    const send = vi.spyOn(scene.client, 'send').mockRejectedValueOnce(new Error('out of reach'))
    desk.ask(askFor('bud_1'))
    await nextTurn()
    expect(warnings).toEqual(['a lease request could not be sent'])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(send).toHaveBeenCalledTimes(2)
    opened(await onlyRequest(scene))
  })

  it('leaves once it is written down for good, and is tried again while the disk refuses that', async () => {
    const { desk, disk } = scene
    await desk.start([])
    const send = vi.spyOn(scene.client, 'send')
    const onDisk = Promise.withResolvers<void>()
    disk.written = vi.fn().mockRejectedValueOnce(new Error('no space')).mockReturnValue(onDisk.promise)
    desk.ask(askFor('bud_1'))
    await nextTurn()
    await vi.advanceTimersByTimeAsync(1_500)
    expect(disk.written).toHaveBeenCalledTimes(2)
    expect(send).not.toHaveBeenCalled()
    onDisk.resolve()
    await nextTurn()
    opened(await onlyRequest(scene))
  })

  it('by the process before is asked under the same id, and not written down again', async () => {
    const { desk, asked, granted, answer } = scene
    const unanswered: LeaseRequest = {
      format: 1,
      id: 'lr_before',
      organizationId: 'org_1',
      dataPlaneId: 'dp_1',
      asks: [askFor('bud_1')],
    }
    await desk.start([unanswered])
    const entry = await onlyRequest(scene)
    expect(opened(entry)).toEqual(unanswered)
    expect(asked).toEqual([])
    await answer(entry)
    expect(granted).toEqual([{ requestId: 'lr_before', grants: [grantOf(askFor('bud_1'))] }])
  })

  it('is not asked any more once it is closed', async () => {
    const { desk } = scene
    await desk.start([])
    const send = vi.spyOn(scene.client, 'send')
    desk.ask(askFor('bud_1'))
    await nextTurn()
    await desk.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(send).toHaveBeenCalledTimes(1)
  })
})

describe('a reply', () => {
  async function ask(): Promise<LeaseRequestEntry> {
    await scene.desk.start([])
    scene.desk.ask(askFor('bud_1'))
    await nextTurn()
    return onlyRequest(scene)
  }

  it('that comes twice is taken up once', async () => {
    const entry = await ask()
    await scene.answer(entry)
    await scene.answer(entry)
    expect(scene.granted).toEqual([{ requestId: opened(entry).id, grants: [grantOf(askFor('bud_1'))] }])
  })

  it.each([
    ['of a stranger', { id: 'stranger', privateKey: stranger.privateKey }],
    [
      'of a stranger in the control plane’s name',
      { id: controlPlaneKey.id, privateKey: stranger.privateKey },
    ],
    ['of a data plane', { id: 'dp_1', privateKey: dataPlane.privateKey }],
  ])('%s is refused, and the true one still counts', async (_whose, key) => {
    const entry = await ask()
    await scene.answer(entry, {}, key)
    expect(scene.granted).toEqual([])
    expect(scene.warnings).toEqual(['a lease reply was refused'])
    await scene.answer(entry)
    expect(scene.granted).toHaveLength(1)
  })

  it('that the control plane signed for another purpose is refused', async () => {
    const entry = await ask()
    const reply = { format: 1, requestId: opened(entry).id, dataPlaneId: 'dp_1', grants: [] }
    const sealed = seal('gatehouse/config-head', JSON.stringify(reply), controlPlaneKey)
    await scene.server.reply(entry, 'dp_1', sealed)
    await nextTurn()
    expect(scene.granted).toEqual([])
    expect(scene.warnings).toEqual(['a lease reply was refused'])
  })

  it('to another data plane, or to a request that was never made, changes nothing', async () => {
    const entry = await ask()
    await scene.answer(entry, { dataPlaneId: 'dp_2' })
    await scene.answer(entry, { requestId: 'lr_unknown' })
    expect(scene.granted).toEqual([])
    await scene.answer(entry)
    expect(scene.granted).toHaveLength(1)
  })
})
