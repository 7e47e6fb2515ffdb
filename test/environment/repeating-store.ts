import { createClient } from '@redis/client'
import type { Random } from '../../chaos/random.ts'
import { channels } from '../../contract/channels.ts'

const longestMs = 1_500

/** Somebody in the store between the planes who lets every message come twice, the second time late and out of its order. */
export class RepeatingStore implements AsyncDisposable {
  readonly #organizationId: string
  readonly #random: Random
  readonly #client: ReturnType<typeof createClient>
  readonly #reader: ReturnType<typeof createClient>
  readonly #listener: ReturnType<typeof createClient>
  readonly #seen = new Set<string>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #isOpen = true
  /** How many messages of each kind came twice. */
  readonly counts = { requests: 0, replies: 0, batches: 0, confirmations: 0 }

  private constructor(url: string, organizationId: string, random: Random) {
    this.#organizationId = organizationId
    this.#random = random
    this.#client = createClient({ url })
    this.#reader = createClient({ url })
    this.#listener = createClient({ url })
  }

  static async start(url: string, organizationId: string, random: Random): Promise<RepeatingStore> {
    const store = new RepeatingStore(url, organizationId, random)
    await Promise.all([store.#client.connect(), store.#reader.connect(), store.#listener.connect()])
    await store.#listener.pSubscribe(
      channels.leaseReplies(organizationId, '*').replace(/[{}]/g, '?'),
      (reply, channel) => store.#again('replies', reply, () => store.#client.publish(channel, reply)),
    )
    void store.#follow()
    void store.#confuse()
    return store
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false
    for (const timer of this.#timers) clearTimeout(timer)
    for (const client of [this.#client, this.#reader, this.#listener]) client.destroy()
  }

  /** Appends again what is appended. */
  async #follow(): Promise<void> {
    const requests = channels.leaseRequests(this.#organizationId)
    const batches = channels.events(this.#organizationId)
    const from = new Map([
      [requests, '$'],
      [batches, '$'],
    ])
    while (this.#isOpen) {
      const streams = Array.from(from, ([key, id]) => ({ key, id }))
      const found = await this.#reader.xRead(streams, { BLOCK: 1_000 }).catch(() => null)
      for (const { name, messages } of (found ?? []) as {
        name: string
        messages: { id: string; message: { body?: string } }[]
      }[]) {
        for (const { id, message } of messages) {
          from.set(name, id)
          const { body = '' } = message
          const kind = name === requests ? 'requests' : 'batches'
          this.#again(kind, body, () => this.#client.xAdd(name, '*', { body }))
        }
      }
    }
  }

  /** Puts a confirmation back in the place of a newer one. */
  async #confuse(): Promise<void> {
    const key = channels.eventConfirmations(this.#organizationId)
    while (this.#isOpen) {
      const confirmations = await this.#client.hGetAll(key).catch(() => ({}))
      for (const [dataPlane, confirmation] of Object.entries(confirmations)) {
        this.#again('confirmations', confirmation, () => this.#client.hSet(key, dataPlane, confirmation))
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  #again(kind: keyof RepeatingStore['counts'], text: string, repeat: () => Promise<unknown>): void {
    if (this.#seen.has(text)) return
    this.#seen.add(text)
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        this.counts[kind]++
        repeat().catch(() => undefined)
      },
      this.#random.between(0, longestMs),
    )
    this.#timers.add(timer)
  }
}
