import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type LeaseGrant, type LeaseRequest, parseLeaseRequest } from '../../../contract/leases.ts'
import { open, seal } from '../../../contract/signed.ts'
import { LeaseDesk } from '../../../data-plane/host/lease-desk.ts'
import { LeaseLedger } from '../../../data-plane/host/ledger.ts'

const log = { warn() {}, error() {} }
const dataPlane = generateKeyPairSync('ed25519')
const controlPlane = generateKeyPairSync('ed25519')
const team = { id: 'team', scope: 'team', limitNanoUsd: '1000000' }

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** The ledger and the desk of a process that finds a request in its journal to which nobody has heard an answer. */
async function restart(unanswered: LeaseRequest) {
  const sent: LeaseRequest[] = []
  const answered = new Set<string>()
  let onReply: (reply: string) => void = () => {}
  const ledger = new LeaseLedger(
    {
      ask: (ask) => desk.ask(ask),
      journal: { granted() {}, closed() {}, confirmation: () => () => true },
      now: () => Date.now(),
      log,
    },
    [],
    unanswered.asks,
  )
  const desk = new LeaseDesk({
    ...{ organizationId: 'org_1', dataPlaneId: 'dp_1', log },
    signingKey: { id: 'dp_1', privateKey: dataPlane.privateKey },
    controlPlaneKeys: () => controlPlane.publicKey,
    leases: {
      async send(text) {
        const { payload } = open('gatehouse/lease-request', text, () => dataPlane.publicKey)
        sent.push(parseLeaseRequest(payload))
      },
      async subscribe(listener) {
        onReply = listener
        return async () => {}
      },
    },
    onAsk() {},
    written: () => Promise.resolve(),
    onGrants: (request, grants) => ledger.onGrants(request, grants),
  })
  await desk.start([unanswered])
  await vi.advanceTimersByTimeAsync(0)
  let granted = 0
  /** Answers the oldest request: to each ask what it needs, as a lease of its own, as the control plane does. */
  const answerNext = () => {
    const { id = '', asks = [] } = sent.find((request) => !answered.has(request.id)) ?? {}
    answered.add(id)
    const grants = asks.map(({ budgetId, neededNanoUsd }, index): LeaseGrant => {
      granted += neededNanoUsd
      return {
        ...{ budgetId, leaseId: `${id} ${index}`, grantedNanoUsd: neededNanoUsd, windowEndsAt: null },
        ...{ limitNanoUsd: team.limitNanoUsd, settledNanoUsd: '0', unleasedNanoUsd: '500000' },
      }
    })
    const reply = { format: 1, requestId: id, dataPlaneId: 'dp_1', grants }
    const signer = { id: 'control plane', privateKey: controlPlane.privateKey }
    onReply(seal('gatehouse/lease-reply', JSON.stringify(reply), signer))
  }
  return { ledger, sent, answerNext, granted: () => granted }
}

it('a process that repeats what the one before had asked for asks for no budget twice, and knows of all that it is granted', async () => {
  const asks = [{ budgetId: 'team', wantedNanoUsd: 100, neededNanoUsd: 100 }]
  const before = { format: 1 as const, id: 'lr_before', organizationId: 'org_1', dataPlaneId: 'dp_1', asks }
  const { ledger, sent, answerNext, granted } = await restart(before)
  const first = ledger.reserve([team], 100)
  await vi.advanceTimersByTimeAsync(20)
  answerNext()
  const calls = [first, ledger.reserve([team], 100), ledger.reserve([team], 100)]
  for (let round = 0; round < 5; round++) {
    answerNext()
    await vi.advanceTimersByTimeAsync(20)
  }
  await Promise.all(calls)
  for (const request of sent) expect(request.asks).toHaveLength(1)
  const [{ freeNanoUsd = 0 } = {}] = ledger.leased
  expect(freeNanoUsd + calls.length * 100).toBe(granted())
})
