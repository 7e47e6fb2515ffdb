import { expect, inject, test } from 'vitest'
import { proveWholeStreams } from '../../prove/whole-streams.ts'
import { startPlanes } from '../acceptance/planes.ts'

test('no stream is dropped or altered by reloads, a rotated provider key, a plugin change and a drain', async () => {
  const { superuserUrl } = inject('servers').postgres
  await using ends = new AsyncDisposableStack()
  const planes = await startPlanes({ superuserUrl, dataPlanes: 1 })
  ends.defer(() => planes.stop())
  const options = { streams: 10, seconds: 4, reloadsPerSecond: 10 }
  const verdict = await proveWholeStreams(planes, options, () => {})
  expect(verdict).toMatchObject({ whole: 10, exitCode: 0, recorded: 10 })
}, 90_000)
