import { setTimeout as delay } from 'node:timers/promises'
import type { EventBacklog } from '../event-stream.ts'
import { TransportUnavailable } from '../transport.ts'
import type { RedisClient } from './client.ts'
import type { RedisConnection } from './connection.ts'
import { runScript, script } from './script.ts'

/** What `XADD` stores under: one field for the whole text. */
export const bodyField = 'body'

export interface Entry {
  readonly id: string
  readonly organizationId: string
  readonly body: string
}

export interface StreamConsumer {
  read(organizationIds: readonly string[], waitMs: number): Promise<readonly Entry[]>
  acknowledge(entries: readonly Entry[]): Promise<void>
  backlog(organizationIds: readonly string[]): Promise<EventBacklog>
}

export interface StreamConsumerOptions {
  /** For all commands that answer at once. */
  readonly connection: RedisConnection
  /** For the reads that wait, which would hold up every other command. */
  readonly blockingConnection: RedisConnection
  readonly streamOf: (organizationId: string) => string
  /** Unique among all consumers. */
  readonly consumer: string
  readonly reclaimAfterMs: number
  readonly operationTimeoutMs: number
}

const group = 'gatehouse'
const entriesPerRead = 16
const waitLimitMs = 5_000
const forgetAfterMs = 600_000

/**
 * Forgets consumers that are gone and hold nothing. In one step with the check, because deleting a consumer drops
 * its unacknowledged entries.
 */
const forgetConsumers = script(`
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local facts = {}
    for i = 1, #consumer, 2 do facts[consumer[i]] = consumer[i + 1] end
    if facts.pending == 0 and facts.idle > tonumber(ARGV[2]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], facts.name)
    end
  end
  return 1
`)

/** How many entries a stream holds and how old the first is, by the clock of Redis: that is what its id begins with. */
const readBacklog = script(`
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  if not first then return {0, 0} end
  local now = redis.call('TIME')
  local appended = tonumber(string.match(first[1], '^%d+'))
  return {redis.call('XLEN', KEYS[1]), now[1] * 1000 + math.floor(now[2] / 1000) - appended}
`)

/** One member of the consumer group that empties the streams of many organizations. */
export class RedisStreamConsumer implements StreamConsumer {
  readonly #options: StreamConsumerOptions
  /** Streams whose group is known to exist. */
  readonly #grouped = new Set<string>()
  #reclaimedAt = Number.NEGATIVE_INFINITY
  /** A read failed, so that Redis may have given us entries that we never saw. */
  #mayHoldUnseen = false

  constructor(options: StreamConsumerOptions) {
    this.#options = options
  }

  async read(organizationIds: readonly string[], waitMs: number): Promise<readonly Entry[]> {
    if (organizationIds.length === 0) {
      await delay(Math.min(waitMs, waitLimitMs), undefined, { ref: false })
      return []
    }
    const organizations = new Map(organizationIds.map((id) => [this.#options.streamOf(id), id]))
    await this.#createGroups([...organizations.keys()])
    try {
      const left = await this.#readLeftBehind(organizations)
      if (left.length > 0) return left
      return await this.#readNew(organizations, Math.min(waitMs, waitLimitMs))
    } catch (error) {
      if (!isMissingGroup(error)) throw error
      // A full store makes no group, though it gives out what it holds.
      const isMade = streamsOf(organizations).every((stream) => this.#grouped.has(stream))
      // The store was emptied: the groups are made again by the next read.
      this.#grouped.clear()
      if (!isMade) throw error
      return []
    }
  }

  /**
   * Takes the entries off their streams, each with what was to be done about it done. In no MULTI: a Redis whose memory is
   * used up refuses all that stands in one, and could never be emptied. Deleted first: what is acknowledged and still there
   * would stay for good, while a deletion that is not acknowledged is claimed as nothing.
   */
  async acknowledge(entries: readonly Entry[]): Promise<void> {
    const { connection, streamOf } = this.#options
    const byStream = Map.groupBy(entries, ({ organizationId }) => streamOf(organizationId))
    await connection.run((client) =>
      Promise.all(
        [...byStream].map(([stream, taken]) => {
          const ids = taken.map(({ id }) => id)
          return Promise.all([client.xDel(stream, ids), client.xAck(stream, group, ids)])
        }),
      ),
    )
  }

  async backlog(organizationIds: readonly string[]): Promise<EventBacklog> {
    const { connection, streamOf } = this.#options
    const replies = await connection.run((client) =>
      Promise.all(organizationIds.map((id) => runScript(client, readBacklog, [streamOf(id)], []))),
    )
    const streams = replies.map((reply) => (Array.isArray(reply) ? reply.map(Number) : []))
    return {
      batches: streams.reduce((sum, [count = 0]) => sum + count, 0),
      oldestAgeMs: Math.max(0, ...streams.map(([, ageMs = 0]) => ageMs)),
    }
  }

  async #createGroups(streams: readonly string[]): Promise<void> {
    const unknown = streams.filter((stream) => !this.#grouped.has(stream))
    if (unknown.length === 0) return
    const made = await this.#options.connection.run((client) =>
      Promise.all(unknown.map((stream) => createGroup(client, stream))),
    )
    for (const [index, stream] of unknown.entries()) if (made[index]) this.#grouped.add(stream)
  }

  /** What this consumer was given and never saw, then what any consumer took and kept too long. */
  async #readLeftBehind(organizations: ReadonlyMap<string, string>): Promise<readonly Entry[]> {
    const { connection, consumer, reclaimAfterMs } = this.#options
    const streams = [...organizations.keys()]
    if (this.#mayHoldUnseen) {
      const replies = await connection.run((client) => readGroup(client, consumer, streams, '0'))
      this.#mayHoldUnseen = false
      const unseen = entriesOf(replies, organizations)
      if (unseen.length > 0) return unseen
    }
    if (performance.now() - this.#reclaimedAt < reclaimAfterMs / 2) return []
    const claims = await connection.run((client) =>
      Promise.all(
        streams.map(async (stream) => {
          const claim = await client.xAutoClaim(stream, group, consumer, reclaimAfterMs, '0-0', {
            COUNT: entriesPerRead,
          })
          await runScript(client, forgetConsumers, [stream], [group, String(forgetAfterMs)])
          return { name: stream, messages: claim.messages.filter((message) => message !== null) }
        }),
      ),
    )
    const claimed = entriesOf(claims, organizations)
    // More may be waiting when something was found.
    if (claimed.length === 0) this.#reclaimedAt = performance.now()
    return claimed
  }

  async #readNew(organizations: ReadonlyMap<string, string>, waitMs: number): Promise<readonly Entry[]> {
    const { blockingConnection, consumer, operationTimeoutMs } = this.#options
    try {
      const replies = await blockingConnection.run(
        (client) => readGroup(client, consumer, [...organizations.keys()], '>', waitMs),
        { timeoutMs: waitMs + operationTimeoutMs, restartOnTimeout: true },
      )
      return entriesOf(replies, organizations)
    } catch (error) {
      this.#mayHoldUnseen = true
      throw error
    }
  }
}

function streamsOf(organizations: ReadonlyMap<string, string>): string[] {
  return [...organizations.keys()]
}

type Replies = readonly {
  readonly name: string
  readonly messages: readonly { readonly id: string; readonly message: Record<string, string> }[]
}[]

async function readGroup(
  client: RedisClient,
  consumer: string,
  streams: readonly string[],
  id: '>' | '0',
  waitMs?: number,
): Promise<Replies> {
  const replies = await client.xReadGroup(
    group,
    consumer,
    streams.map((key) => ({ key, id })),
    // BLOCK 0 would wait for ever.
    { COUNT: entriesPerRead, ...(waitMs === undefined ? {} : { BLOCK: Math.max(1, waitMs) }) },
  )
  return replies ?? []
}

function entriesOf(replies: Replies, organizations: ReadonlyMap<string, string>): Entry[] {
  return replies.flatMap(({ name, messages }) =>
    messages.map(({ id, message }) => ({
      id,
      organizationId: organizations.get(name) ?? '',
      body: message[bodyField] ?? '',
    })),
  )
}

/** @returns whether the group exists; false when a store without memory did not say. */
async function createGroup(client: RedisClient, stream: string): Promise<boolean> {
  try {
    // From the first entry: what was sent before anybody listened is not lost.
    await client.xGroupCreate(stream, group, '0', { MKSTREAM: true })
    return true
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('BUSYGROUP')) return true
    if (error instanceof Error && error.message.startsWith('OOM')) return false
    throw error
  }
}

function isMissingGroup(error: unknown): boolean {
  const cause = error instanceof TransportUnavailable ? error.cause : error
  return cause instanceof Error && cause.message.startsWith('NOGROUP')
}
