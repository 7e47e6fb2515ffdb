import type { RedisConnection } from './connection.ts'

export interface Listener {
  onMessage(message: string): void
  /** The channel is heard from now on; what was said before was missed. */
  onSubscribed?(): void
}

/**
 * The pub/sub channels that one connection listens to. A subscription outlives the connection: while Redis is
 * away it waits, and after every reconnection it is made again and its listeners are told.
 */
export class Subscriptions {
  readonly #channels = new Map<string, Set<Listener>>()
  readonly #dispatchers = new Map<string, (message: string) => void>()
  readonly #connection: RedisConnection

  constructor(connection: RedisConnection) {
    this.#connection = connection
    connection.onReady(() => this.#resubscribe())
  }

  /** Resolves once the channel is heard, or within the time limit when Redis is away. The answer unsubscribes. */
  async add(channel: string, listener: Listener): Promise<() => Promise<void>> {
    const listeners = this.#channels.get(channel) ?? new Set()
    this.#channels.set(channel, listeners.add(listener))
    if (await this.#subscribe(channel)) listener.onSubscribed?.()
    return () => this.#remove(channel, listener)
  }

  #resubscribe(): void {
    for (const [channel, listeners] of this.#channels) {
      void this.#subscribe(channel).then((heard) => {
        if (heard) for (const { onSubscribed } of listeners) onSubscribed?.()
      })
    }
  }

  async #subscribe(channel: string): Promise<boolean> {
    const dispatch = this.#dispatcher(channel)
    try {
      await this.#connection.run((client) => client.subscribe(channel, dispatch))
      return true
    } catch {
      // The connection has logged it; the next (re)connection subscribes again.
      return false
    }
  }

  /** One function per channel, for the client tells subscriptions apart by it. */
  #dispatcher(channel: string): (message: string) => void {
    const known = this.#dispatchers.get(channel)
    if (known) return known
    const dispatch = (message: string) => {
      for (const listener of this.#channels.get(channel) ?? []) listener.onMessage(message)
    }
    this.#dispatchers.set(channel, dispatch)
    return dispatch
  }

  async #remove(channel: string, listener: Listener): Promise<void> {
    const listeners = this.#channels.get(channel)
    if (!listeners?.delete(listener) || listeners.size > 0) return
    this.#channels.delete(channel)
    this.#dispatchers.delete(channel)
    try {
      await this.#connection.run((client) => client.unsubscribe(channel))
    } catch {
      // A lost connection has no subscriptions; a message that still comes finds no listener.
    }
  }
}
