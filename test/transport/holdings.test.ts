import { createClient } from '@redis/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { channels } from '../../contract/channels.ts'
import { createMemoryTransport } from '../../transport/memory/create.ts'
import { connectRedis } from '../../transport/redis/connect.ts'
import type { Transport } from '../../transport/transport.ts'
import { redisUrl } from '../environment/index.ts'
import { implementations, silentLog, uniqueOrganization } from './implementations.ts'

describe.each(implementations)('what data planes say of their leases, $name', ({ open }) => {
  let first: Transport
  let second: Transport
  let organizationId: string

  beforeEach(async () => {
    const views = await open()
    first = views.first
    second = views.second
    organizationId = uniqueOrganization()
  })
  afterEach(async () => {
    await first.close()
    await second.close()
  })

  it('is the last word of each, and nothing of whoever said none', async () => {
    const { holdings } = first.dataPlane(organizationId, 'dp_1')
    await holdings.publish('before')
    await holdings.publish('now')
    await first.dataPlane(uniqueOrganization(), 'dp_2').holdings.publish('of another organization')
    const said = await second.controlPlane().holdings.read(organizationId, ['dp_2', 'dp_1'])
    expect(said).toEqual([null, 'now'])
  })
})

describe('what a data plane that fell silent said of its leases', () => {
  it('is forgotten by Redis', async () => {
    const url = await redisUrl()
    const transport = await connectRedis(url, { log: silentLog })
    const client = await createClient({ url }).connect()
    const organizationId = uniqueOrganization()
    await transport.dataPlane(organizationId, 'dp_1').holdings.publish('now')
    const leftMs = await client.pTTL(channels.budgetHoldings(organizationId, 'dp_1'))
    await client.close()
    await transport.close()
    expect(leftMs).toBeGreaterThan(0)
    expect(leftMs).toBeLessThanOrEqual(15_000)
  })

  it('is forgotten within one process', async () => {
    let now = 0
    const transport = createMemoryTransport({ now: () => now })
    await transport.dataPlane('org_1', 'dp_1').holdings.publish('now')
    const read = () => transport.controlPlane().holdings.read('org_1', ['dp_1'])
    now = 14_999
    expect(await read()).toEqual(['now'])
    now = 15_000
    expect(await read()).toEqual([null])
    await transport.close()
  })
})
