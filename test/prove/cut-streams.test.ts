import { expect, inject, test } from 'vitest'
import { proveCutStreams } from '../../prove/cut-streams.ts'
import { startPlanes } from '../acceptance/planes.ts'

test('a stream that its caller leaves is charged what the provider bills, or no less where it is broken off [B5]', async () => {
  const { superuserUrl } = inject('servers').postgres
  await using ends = new AsyncDisposableStack()
  const planes = await startPlanes({ superuserUrl, dataPlanes: 1 })
  ends.defer(() => planes.stop())
  const verdicts = await proveCutStreams(planes, { streams: 20, seed: 5 }, () => {})
  expect(verdicts).toMatchObject([
    { kept: true, below: 0 },
    { kept: true, beside: 0 },
    { kept: true, beside: 0 },
  ])
}, 90_000)
