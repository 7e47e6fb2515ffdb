import type { Logger } from 'pino'
import type { BackgroundWork } from '../background/dependencies.ts'
import { listenTo } from '../db/notifications.ts'
import { TooManySubscriptions } from './errors.ts'

/** What a subscriber can wait for; `access` is told whenever it may be that somebody is let in no more. */
export type LiveTopic = 'usage' | 'audit' | 'applied' | 'fleet' | 'crossings' | 'access'

/** The PostgreSQL channel on which every commit tells all control planes what it added: `<topic> <organization>`. */
const liveChannel = 'gatehouse_live'
const mostSubscriptions = 500
const mostOfOneActor = 20

export interface LiveSubscription {
  /** Whose limit it counts against. */
  readonly actorId: string
  readonly organizationId: string
  readonly topics: readonly LiveTopic[]
  /** Something may be there; a hint, which may come for nothing and may be lost. */
  wake(): void
}

/** Tells the subscribers of this control plane that there may be something for them. */
export class LiveFeed {
  readonly #subscriptions = new Set<LiveSubscription>()

  /**
   * @returns what ends it.
   * @throws TooManySubscriptions
   */
  subscribe(subscription: LiveSubscription): () => void {
    const own = [...this.#subscriptions].filter(({ actorId }) => actorId === subscription.actorId)
    if (own.length >= mostOfOneActor) throw new TooManySubscriptions(mostOfOneActor, 'your token')
    if (this.#subscriptions.size >= mostSubscriptions) {
      throw new TooManySubscriptions(mostSubscriptions, 'this control plane')
    }
    this.#subscriptions.add(subscription)
    return () => this.#subscriptions.delete(subscription)
  }

  /** How many are open. */
  get size(): number {
    return this.#subscriptions.size
  }

  notify(payload: string): void {
    const [topic, organizationId] = payload.split(' ')
    for (const subscription of this.#subscriptions) {
      if (subscription.organizationId !== organizationId) continue
      if (subscription.topics.some((wanted) => wanted === topic)) subscription.wake()
    }
  }
}

/** Feeds from the database's notifications for as long as it runs, whichever control plane made the commit. */
export function startLiveFeed(
  feed: LiveFeed,
  options: { readonly databaseUrl: string; readonly log: Logger },
): BackgroundWork {
  return listenTo({ channel: liveChannel, ...options, onNotification: (payload) => feed.notify(payload) })
}
