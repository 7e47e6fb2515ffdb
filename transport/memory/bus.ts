import { TransportUnavailable } from '../transport.ts'

/** What the parts of one in-process transport share: whether it is open, and its pub/sub channels. */
export class Bus {
  readonly #listeners = new Map<string, Set<(message: string) => void>>()
  #open = true

  get open(): boolean {
    return this.#open
  }

  /** Runs one operation of the store. @throws TransportUnavailable once it is closed. */
  async run<T>(operation: () => T): Promise<T> {
    if (!this.#open) throw new TransportUnavailable('the in-process transport is closed')
    return operation()
  }

  /** Listeners are called after the publisher's own work, never within it. */
  publish(channel: string, message: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) {
      queueMicrotask(() => {
        if (this.#listeners.get(channel)?.has(listener)) listener(message)
      })
    }
  }

  subscribe(channel: string, onMessage: (message: string) => void): () => Promise<void> {
    // Wrapped, so that one function may be subscribed twice.
    const listener = (message: string) => onMessage(message)
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    return async () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(channel)
    }
  }

  close(): void {
    this.#open = false
    this.#listeners.clear()
  }
}
