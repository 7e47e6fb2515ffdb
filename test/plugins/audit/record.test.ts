import type { Outcome } from 'gatehouse/plugin-sdk'
import { expect, it } from 'vitest'
import audit from '../../../plugins/audit/index.ts'
import { FakeCall } from '../fake-call.ts'
import { fakeHost, hold } from '../fake-host.ts'

const denied: Outcome = {
  outcome: 'denied',
  status: 403,
  errorCode: 'model_blocked',
  refusedBy: 'rbac',
  durationMs: 1,
}
const served: Outcome = { outcome: 'succeeded', status: 200, errorCode: null, refusedBy: null, durationMs: 1 }

it('records that a call is about to leave, before it does', async () => {
  const { host, record } = fakeHost()
  await audit.setup({}, host).onCall?.(new FakeCall())
  expect(record.journal.map(({ entry }) => entry)).toEqual(['intend'])
})

it('refuses the call when the intent cannot be written', () => {
  const { host } = fakeHost()
  const failing = {
    ...host,
    journal: {
      ...host.journal,
      intend: () => {
        throw new Error('disk full')
      },
    },
  }
  expect(() => audit.setup({}, failing).onCall?.(new FakeCall())).toThrow('disk full')
})

it('records how a refused call ended, without charges', async () => {
  const { host, record } = fakeHost()
  await audit.setup({}, host).onComplete?.(new FakeCall(), denied)
  expect(record.journal).toMatchObject([{ entry: 'finish', charges: [] }])
  expect(record.settled).toEqual([])
})

it('records the leases that the cost falls on', async () => {
  const { host, record } = fakeHost()
  const call = new FakeCall({ hold: hold(5000) })
  call.usage = {
    inputTokens: 1,
    cachedInputTokens: 0,
    outputTokens: 1,
    images: 0,
    estimated: false,
    costNanoUsd: 3000,
  }
  await audit.setup({}, host).onComplete?.(call, served)
  expect(record.journal).toMatchObject([{ charges: [{ leaseId: 'lease_test', nanoUsd: 3000 }] }])
})
