import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { channels } from '../../../contract/channels.ts'
import { connectRedis } from '../../../transport/redis/connect.ts'
import type { ControlPlaneTransport, Transport } from '../../../transport/transport.ts'
import { ClusterServers } from '../../acceptance/cluster-servers.ts'
import { temporaryDirectory } from '../../environment/index.ts'
import { silentLog, uniqueOrganization } from '../implementations.ts'
import { eventually } from '../poll.ts'

/** So many that no server holds all of them. */
const organizations = Array.from({ length: 12 }, uniqueOrganization)
const [organizationId = ''] = organizations
let directory: string
let servers: ClusterServers
let transport: Transport
let controlPlane: ControlPlaneTransport

beforeAll(async () => {
  directory = temporaryDirectory()
  servers = await ClusterServers.start(directory)
  transport = await connectRedis(servers.url, {
    ...{ log: silentLog, reclaimAfterMs: 300, operationTimeoutMs: 10_000, requestRateTimeoutMs: 10_000 },
  })
  controlPlane = transport.controlPlane()
}, 60_000)
afterAll(async () => {
  await transport?.close()
  await servers?.stop()
  rmSync(directory, { recursive: true, force: true })
})

const publish = (id: string, head: string) =>
  controlPlane.config.publish({
    organizationId: id,
    head,
    snapshot: head,
    deltas: [{ revision: 1, document: `delta of ${id}` }],
    credentials: new Map([['dp_1', `sealed for ${id}`]]),
  })

/** Takes in batches until there are so many; what could not be acknowledged comes again. */
async function takeIn(count: number): Promise<string[]> {
  const bodies = new Set<string>()
  await eventually(`${count} batches`, async () => {
    const entries = await controlPlane.events.read(organizations, 200).catch(() => [])
    await controlPlane.events.acknowledge(entries).catch(() => undefined)
    for (const { organizationId: id, body } of entries) bodies.add(`${id} ${body}`)
    return bodies.size >= count
  })
  return [...bodies].toSorted()
}

// One story: each part begins where the one before it ended.
describe('over a Redis Cluster', () => {
  it('each organization has its configuration, whichever server holds it', async () => {
    const keys = organizations.map((id) => channels.events(id))
    expect(await servers.holdersOf(keys)).toBe(3)
    for (const id of organizations) await publish(id, `head of ${id}`)
    for (const id of organizations) {
      const { config } = transport.dataPlane(id, 'dp_1')
      expect(await config.readHead()).toBe(`head of ${id}`)
      expect(await config.readSnapshot()).toBe(`head of ${id}`)
      expect(await config.readDeltas(0)).toEqual([`delta of ${id}`])
      expect(await config.readCredentials('dp_1')).toBe(`sealed for ${id}`)
    }
  })

  it('events of all organizations are taken in, counted and confirmed', async () => {
    for (const id of organizations) await transport.dataPlane(id, 'dp_1').events.append('batch')
    expect((await controlPlane.events.backlog(organizations)).batches).toBe(organizations.length)
    expect(await takeIn(organizations.length)).toEqual(organizations.map((id) => `${id} batch`).toSorted())
    expect((await controlPlane.events.backlog(organizations)).batches).toBe(0)
    await controlPlane.events.confirm(organizationId, 'dp_1', 'confirmed')
    expect(await transport.dataPlane(organizationId, 'dp_1').events.confirmation()).toBe('confirmed')
  })

  it('leases are asked for and granted, and limits and rates are shared', async () => {
    const { leases, limits } = transport.dataPlane(organizationId, 'dp_1')
    const replies: string[] = []
    await leases.subscribe((reply) => replies.push(reply))
    await leases.send('request')
    const entry = await eventually('the request', async () => {
      const [first] = await controlPlane.leases.read(organizations, 200).catch(() => [])
      return first
    })
    await controlPlane.leases.reply(entry, 'dp_1', 'granted')
    await eventually('the reply', () => replies.length > 0)
    expect(replies).toEqual(['granted'])
    const request = { limitId: 'lim_1', max: 10, windowMs: 60_000, needed: 1, wanted: 1 }
    expect(await limits.acquire([request, { ...request, limitId: 'lim_2' }])).toMatchObject([
      { granted: 1 },
      { granted: 1 },
    ])
    expect(await controlPlane.rates?.take('sender', 60)).toMatchObject({ admitted: true })
    expect(transport.memory).toMatchObject({ policy: 'noeviction' })
  })

  it('when a master dies its replica is found, the other organizations notice nothing, and hints are heard again', async () => {
    const key = channels.events(organizationId)
    let hints = 0
    await transport.dataPlane(organizationId, 'dp_1').config.subscribe(() => hints++)
    const elsewhere: string[] = []
    for (const id of organizations) {
      if ((await servers.holdersOf([key, channels.events(id)])) === 2) elsewhere.push(id)
    }
    const failover = servers.failOver(key)
    for (const id of elsewhere) await transport.dataPlane(id, 'dp_1').events.append('meanwhile')
    expect(await takeIn(elsewhere.length)).toEqual(elsewhere.map((id) => `${id} meanwhile`).toSorted())
    await failover
    await eventually('a publication to the new master', () =>
      publish(organizationId, 'head 2').then(
        () => true,
        () => undefined,
      ),
    )
    expect(await transport.dataPlane(organizationId, 'dp_1').config.readHead()).toBe('head 2')
    const before = hints
    await eventually('a hint', async () => {
      await publish(organizationId, 'head 3').catch(() => undefined)
      return hints > before
    })
    await transport.dataPlane(organizationId, 'dp_1').events.append('afterwards')
    // The replica may not have heard what was taken already: delivery is at least once.
    await eventually('the batch of afterwards', async () =>
      (await takeIn(1)).includes(`${organizationId} afterwards`),
    )
    await eventually('every connection', () => transport.connections.every(({ answers }) => answers))
  }, 60_000)
})
