import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LeaseRequestEntry } from '../../transport/lease-channel.ts'
import type { Transport } from '../../transport/transport.ts'
import { implementations, uniqueOrganization } from './implementations.ts'
import { eventually } from './poll.ts'

describe.each(implementations)('lease channel, $name', ({ open }) => {
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

  const nextRequest = (server: Transport) => {
    const leases = server.controlPlane().leases
    return eventually('a lease request', async () => (await leases.read([organizationId], 20))[0])
  }

  it('carries a request to a control plane and the reply to the data plane that asked', async () => {
    const asking = first.dataPlane(organizationId, 'dp_1').leases
    const idle = first.dataPlane(organizationId, 'dp_2').leases
    const replies: string[] = []
    const strayReplies: string[] = []
    await asking.subscribe((reply) => replies.push(reply))
    await idle.subscribe((reply) => strayReplies.push(reply))

    await asking.send('request')
    const entry = await nextRequest(second)
    expect(entry).toMatchObject({ organizationId, body: 'request' })
    await second.controlPlane().leases.reply(entry, 'dp_1', 'reply')

    await eventually('the reply', () => replies.length > 0)
    expect(replies).toEqual(['reply'])
    expect(strayReplies).toEqual([])
  })

  it('gives a request that its server never answered to another', async () => {
    await first.dataPlane(organizationId, 'dp_1').leases.send('request')
    await nextRequest(first)
    expect((await nextRequest(second)).body).toBe('request')
  })

  it.each(['reply', 'discard'] as const)('is done with a request after %s', async (how) => {
    await first.dataPlane(organizationId, 'dp_1').leases.send('first')
    const server = second.controlPlane().leases
    const entry = await nextRequest(second)
    if (how === 'reply') await server.reply(entry, 'dp_1', 'granted')
    else await server.discard(entry)

    await first.dataPlane(organizationId, 'dp_1').leases.send('second')
    // Twice, for an unanswered request comes again.
    const seen: LeaseRequestEntry[] = [await nextRequest(first), await nextRequest(first)]
    expect(seen.map(({ body }) => body)).toEqual(['second', 'second'])
  })
})
