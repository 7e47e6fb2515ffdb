import { expect, it } from 'vitest'
import { convergeAfterPartitions } from './partition-schedules.ts'

it('after any partition all data planes run what the control plane decided, and no revoked key comes back', async () => {
  await expect(convergeAfterPartitions({ runs: 20 })).resolves.toBeUndefined()
}, 120_000)
