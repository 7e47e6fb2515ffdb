import { expect, it } from 'vitest'
import { openStage } from '../../chaos/stage.ts'
import { proveOutage } from '../../prove/outage.ts'

it('with control plane, PostgreSQL and Redis dead all calls are served, and are in the audit trail once afterwards', async () => {
  await using ends = new AsyncDisposableStack()
  const stage = await openStage(2, ends)
  const verdict = await proveOutage(stage, { seconds: 5, callsPerSecond: 10 }, () => undefined)
  expect(verdict).toMatchObject({ calls: 50, failed: 0, missing: 0, doubled: 0 })
}, 240_000)
