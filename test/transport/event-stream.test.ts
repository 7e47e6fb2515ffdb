import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EventConsumer, eventsLimit, type StreamEntry } from '../../transport/event-stream.ts'
import { type Transport, TransportUnavailable } from '../../transport/transport.ts'
import { implementations, uniqueOrganization } from './implementations.ts'
import { eventually } from './poll.ts'

describe.each(implementations)('event stream, $name', ({ open }) => {
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

  const append = (body: string) => first.dataPlane(organizationId, 'dp_1').events.append(body)
  const bodies = (entries: readonly StreamEntry[]) => entries.map(({ body }) => body)

  /** Reads on until so many entries came. */
  const readAll = (consumer: EventConsumer, count: number) => {
    const all: StreamEntry[] = []
    return eventually(`${count} entries`, async () => {
      all.push(...(await consumer.read([organizationId], 20)))
      return all.length >= count ? all : undefined
    })
  }

  it('delivers what was appended before anybody listened, in order', async () => {
    for (const body of ['one', 'two', 'three']) await append(body)
    const entries = await readAll(second.controlPlane().events, 3)
    expect(bodies(entries)).toEqual(['one', 'two', 'three'])
    expect(entries[0]?.organizationId).toBe(organizationId)
  })

  it('refuses more than it holds rather than forget what nobody has taken in', async () => {
    for (let filled = 0; filled < eventsLimit; filled += 500) {
      await Promise.all(Array.from({ length: 500 }, (_, index) => append(`batch ${filled + index}`)))
    }
    await expect(append('one too many')).rejects.toThrow(TransportUnavailable)
    const { events } = second.controlPlane()
    const taken = new Set<string>()
    while (taken.size < eventsLimit) {
      const entries = await events.read([organizationId], 20)
      for (const { body } of entries) taken.add(body)
      await events.acknowledge(entries)
    }
    expect(taken).not.toContain('one too many')
  })

  it('wakes a waiting reader', async () => {
    const waiting = second.controlPlane().events.read([organizationId], 5_000)
    await append('late')
    expect(bodies(await waiting)).toEqual(['late'])
  })

  it('answers with nothing when the wait is over', async () => {
    expect(await second.controlPlane().events.read([organizationId], 10)).toEqual([])
    expect(await second.controlPlane().events.read([], 1)).toEqual([])
  })

  it('gives each entry to one of several consumers', async () => {
    const a = first.controlPlane().events
    const b = second.controlPlane().events
    for (let index = 0; index < 40; index++) await append(`entry ${index}`)
    const seen: string[] = []
    await eventually('40 entries', async () => {
      for (const consumer of [a, b]) {
        const entries = await consumer.read([organizationId], 5)
        seen.push(...bodies(entries))
        await consumer.acknowledge(entries)
      }
      return seen.length >= 40
    })
    expect(new Set(seen).size).toBe(40)
    expect(seen).toHaveLength(40)
  })

  it('gives what a dead consumer took to another', async () => {
    await append('abandoned')
    const dead = first.controlPlane().events
    await readAll(dead, 1)
    const entries = await readAll(second.controlPlane().events, 1)
    expect(bodies(entries)).toEqual(['abandoned'])
  })

  it('gives a consumer again what it took and did not acknowledge', async () => {
    await append('failed to store')
    const consumer = second.controlPlane().events
    await readAll(consumer, 1)
    expect(bodies(await readAll(consumer, 1))).toEqual(['failed to store'])
  })

  it('never delivers an acknowledged entry again', async () => {
    await append('done')
    await append('open')
    const consumer = first.controlPlane().events
    const entries = await readAll(consumer, 2)
    await consumer.acknowledge(entries.filter(({ body }) => body === 'done'))
    const other = second.controlPlane().events
    expect(bodies(await readAll(other, 1))).toEqual(['open'])
  })

  it('says whether an entry still waits, and hands each data plane its own confirmation', async () => {
    const producer = first.dataPlane(organizationId, 'dp_1').events
    const consumer = second.controlPlane().events
    const entryId = await producer.append('batch')
    expect(await producer.holds(entryId)).toBe(true)
    expect(await producer.confirmation()).toBeNull()
    const entries = await readAll(consumer, 1)
    expect(await producer.holds(entryId)).toBe(true)
    await consumer.confirm(organizationId, 'dp_1', 'taken in')
    await consumer.acknowledge(entries)
    expect(await producer.holds(entryId)).toBe(false)
    expect(await producer.confirmation()).toBe('taken in')
    expect(await second.dataPlane(organizationId, 'dp_2').events.confirmation()).toBeNull()
  })

  it('reads the streams of several organizations and tells them apart', async () => {
    const other = uniqueOrganization()
    await append('mine')
    await first.dataPlane(other, 'dp_2').events.append('theirs')
    const consumer = second.controlPlane().events
    const found = new Map<string, string>()
    await eventually('both entries', async () => {
      for (const entry of await consumer.read([organizationId, other], 20)) {
        found.set(entry.organizationId, entry.body)
      }
      return found.size === 2
    })
    expect(found.get(organizationId)).toBe('mine')
    expect(found.get(other)).toBe('theirs')
  })

  it('tells how much nobody has taken in yet, and how long it waits', async () => {
    const { events } = second.controlPlane()
    expect(await events.backlog([organizationId])).toEqual({ batches: 0, oldestAgeMs: 0 })
    await append('one')
    await append('two')
    await readAll(events, 1)
    const backlog = await eventually('an age', async () => {
      const now = await events.backlog([organizationId, uniqueOrganization()])
      return now.oldestAgeMs > 0 ? now : undefined
    })
    expect(backlog.batches).toBe(2)
    await events.acknowledge(await readAll(first.controlPlane().events, 2))
    expect(await events.backlog([organizationId])).toEqual({ batches: 0, oldestAgeMs: 0 })
  })

  it('rejects a waiting read when it is closed', async () => {
    const waiting = second.controlPlane().events.read([organizationId], 5_000)
    const rejected = expect(waiting).rejects.toMatchObject({ name: 'TransportUnavailable' })
    await second.close()
    await rejected
  })
})
