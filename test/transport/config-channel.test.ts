import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keptDeltas } from '../../transport/config-channel.ts'
import type { Transport } from '../../transport/transport.ts'
import { implementations, uniqueOrganization } from './implementations.ts'
import { eventually } from './poll.ts'

describe.each(implementations)('config channel, $name', ({ open }) => {
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

  const delta = (revision: number) => ({ revision, document: `delta ${revision}` })
  const channel = () => second.dataPlane(organizationId, 'dp_1').config
  const publisher = () => first.controlPlane().config

  it('is empty before anything was published', async () => {
    expect(await channel().readHead()).toBeNull()
    expect(await channel().readSnapshot()).toBeNull()
    expect(await channel().readDeltas(0)).toEqual([])
    expect(await channel().readCredentials('dp_1')).toBeNull()
    expect(await publisher().published(organizationId)).toEqual({ head: null, hasSnapshot: false })
  })

  it('shows a data plane what another process published', async () => {
    await publisher().publish({
      organizationId,
      head: 'head 2',
      snapshot: 'snapshot 2',
      deltas: [delta(1), delta(2)],
      credentials: new Map([
        ['dp_1', 'sealed for dp_1'],
        ['dp_2', 'sealed for dp_2'],
      ]),
    })
    expect(await channel().readHead()).toBe('head 2')
    expect(await channel().readSnapshot()).toBe('snapshot 2')
    expect(await channel().readDeltas(0)).toEqual(['delta 1', 'delta 2'])
    expect(await channel().readDeltas(1)).toEqual(['delta 2'])
    expect(await channel().readCredentials('dp_1')).toBe('sealed for dp_1')
    expect(await channel().readCredentials('dp_3')).toBeNull()
    expect(await publisher().published(organizationId)).toEqual({ head: 'head 2', hasSnapshot: true })
  })

  it('takes out the credentials of a data plane that is gone', async () => {
    const publish = (credentials: ReadonlyMap<string, string | null>) =>
      publisher().publish({ organizationId, head: 'head', deltas: [], credentials })
    await publish(new Map([['dp_1', 'sealed']]))
    await publish(new Map([['dp_1', null]]))
    expect(await channel().readCredentials('dp_1')).toBeNull()
  })

  it('keeps the snapshot when a publication brings none', async () => {
    await publisher().publish({ organizationId, head: 'head 1', snapshot: 'snapshot 1', deltas: [] })
    await publisher().publish({ organizationId, head: 'head 2', deltas: [delta(2)] })
    expect(await channel().readHead()).toBe('head 2')
    expect(await channel().readSnapshot()).toBe('snapshot 1')
  })

  it.each([
    ['one line', '€𝄞'.repeat(400_000)],
    ['many lines', 'a name with € and 𝄞 in it\n'.repeat(150_000)],
  ])('carries a snapshot of some megabytes in %s unharmed', async (_, snapshot) => {
    await publisher().publish({ organizationId, head: 'head 2', snapshot, deltas: [] })
    expect((await channel().readSnapshot()) === snapshot).toBe(true)
    await publisher().replaceSnapshot(organizationId, `${snapshot}!`)
    expect((await channel().readSnapshot()) === `${snapshot}!`).toBe(true)
  })

  it('takes a snapshot alone, and leaves the head and the deltas as they are', async () => {
    await publisher().publish({ organizationId, head: 'head 2', snapshot: 'snapshot 1', deltas: [delta(2)] })
    await publisher().replaceSnapshot(organizationId, 'snapshot 2')
    expect(await channel().readSnapshot()).toBe('snapshot 2')
    expect(await channel().readHead()).toBe('head 2')
    expect(await channel().readDeltas(0)).toEqual(['delta 2'])
  })

  it('publishes twice without harm: a delta that is there stays as it was', async () => {
    await publisher().publish({ organizationId, head: 'head 2', deltas: [delta(1), delta(2)] })
    await publisher().publish({
      organizationId,
      head: 'head 3',
      deltas: [{ revision: 2, document: 'another' }, delta(3)],
    })
    expect(await channel().readDeltas(0)).toEqual(['delta 1', 'delta 2', 'delta 3'])
  })

  it('starts over when a new epoch drops the deltas', async () => {
    await publisher().publish({ organizationId, head: 'head 9', deltas: [delta(9)] })
    await publisher().publish({ organizationId, head: 'restored', deltas: [delta(3)], dropDeltas: true })
    expect(await channel().readDeltas(0)).toEqual(['delta 3'])
  })

  it('keeps a bounded number of the newest deltas', async () => {
    const deltas = Array.from({ length: keptDeltas + 10 }, (_, index) => delta(index + 1))
    await publisher().publish({ organizationId, head: 'head', deltas })
    const kept = await channel().readDeltas(0)
    expect(kept).toHaveLength(keptDeltas)
    expect(kept[0]).toBe('delta 11')
  })

  it('hints once at the subscription and at every publication, and never after its end', async () => {
    let hints = 0
    const unsubscribe = await channel().subscribe(() => {
      hints++
    })
    await eventually('the first hint', () => hints >= 1)
    await publisher().publish({ organizationId, head: 'head 1', deltas: [] })
    await eventually('the hint of a publication', () => hints >= 2)
    await unsubscribe()
    const before = hints
    let others = 0
    const end = await channel().subscribe(() => {
      others++
    })
    await publisher().publish({ organizationId, head: 'head 2', deltas: [] })
    await eventually('the hint of another subscription', () => others >= 2)
    expect(hints).toBe(before)
    await end()
  })

  it('never shows one organization what was published for another', async () => {
    const other = uniqueOrganization()
    await publisher().publish({ organizationId, head: 'mine', snapshot: 'mine', deltas: [delta(1)] })
    const foreign = second.dataPlane(other, 'dp_1').config
    expect(await foreign.readHead()).toBeNull()
    expect(await foreign.readSnapshot()).toBeNull()
    expect(await foreign.readDeltas(0)).toEqual([])
  })

  it('refuses once it is closed', async () => {
    const closed = channel()
    await second.close()
    await expect(closed.readHead()).rejects.toMatchObject({ name: 'TransportUnavailable' })
    expect(second.connected).toBe(false)
  })
})
