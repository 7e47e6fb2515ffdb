import type { Permission } from '../../contract/permissions.ts'
import type { Actor } from '../actor.ts'
import type { RequestContext } from '../graphql/context.ts'
import { visibleRowsOf } from '../service-context.ts'
import { SubscriberTooSlow } from './errors.ts'
import type { LiveTopic } from './live-feed.ts'

/** How often a stream looks by itself: for a lost hint, for a token that expired in silence, at what it has read. */
const lookIntervalMs = 2_000
/** Rows were seen whose turn comes only when an older transaction has ended. */
const unsettledIntervalMs = 50
export const defaultTakeWithinMs = 30_000

/** A page of events, which is all that a stream ever holds in memory. */
export interface LivePage<Event> {
  readonly events: readonly Event[]
  /** Whether more may be there already. */
  readonly hasMore: boolean
}

export interface LiveSource<Event> {
  readonly topic: LiveTopic
  /** Needed at the start and again for each event. */
  readonly permission: Permission
  /** The next page, oldest first. It reads as `context.actor`, whose rights are of this moment. */
  read(context: RequestContext): Promise<LivePage<Event>>
  /** Those of events that were read before that `context.actor` may see still. */
  stillShown(context: RequestContext, events: readonly Event[]): Promise<readonly Event[]>
  /** What a subscriber resumes behind. */
  idOf(event: Event): string
}

/**
 * The events of a source for one subscriber. Events are read when the subscriber takes them, a page at a time, so
 * that a slow one costs a page of memory; one that lets an event lie is told how to resume. Before each event the
 * subscriber is authenticated and authorised anew; of a page that was read before, what they see no more is left out.
 *
 * @throws TooManySubscriptions
 */
export class LiveStream<Event> implements AsyncIterableIterator<Event> {
  readonly #context: RequestContext
  readonly #source: LiveSource<Event>
  readonly #takeWithinMs: number
  readonly #unsubscribe: () => void
  #buffer: Event[] = []
  #readAt = 0
  #readFor = ''
  #lastId = ''
  #hasMore = false
  #isWoken = true
  #endRest: () => void = () => undefined
  #takeTimer: NodeJS.Timeout | undefined
  #failure: unknown
  #hasEnded = false

  constructor(context: RequestContext, source: LiveSource<Event>) {
    this.#context = context
    this.#source = source
    this.#takeWithinMs = context.services.live.takeWithinMs
    const { id: actorId, organizationId } = context.actor
    this.#unsubscribe = context.services.live.feed.subscribe({
      actorId,
      organizationId,
      topics: [source.topic, 'access'],
      wake: () => this.#wake(),
    })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Event>> {
    clearTimeout(this.#takeTimer)
    try {
      while (!this.#hasEnded) {
        if (this.#failure) throw this.#failure
        const event = await this.#take()
        if (this.#hasEnded) break
        if (event !== undefined) return { done: false, value: event }
        await this.#rest()
      }
      return { done: true, value: undefined }
    } catch (error) {
      this.#end()
      throw error
    }
  }

  return(): Promise<IteratorResult<Event>> {
    this.#end()
    return Promise.resolve({ done: true, value: undefined })
  }

  async #take(): Promise<Event | undefined> {
    this.#isWoken = false
    await this.#context.renew()
    this.#context.actor.require(this.#source.permission)
    if (this.#isOutdated()) this.#fill(await this.#source.stillShown(this.#context, this.#buffer))
    if (this.#buffer.length === 0) {
      const { events, hasMore } = await this.#source.read(this.#context)
      this.#fill(events)
      this.#hasMore = hasMore
    }
    const event = this.#buffer.shift()
    if (event === undefined) return undefined
    this.#lastId = this.#source.idOf(event)
    this.#takeTimer = setTimeout(() => this.#giveUp(), this.#takeWithinMs)
    return event
  }

  #fill(events: readonly Event[]): void {
    const { actor, services } = this.#context
    this.#buffer = [...events]
    this.#readAt = services.now()
    this.#readFor = sightOf(actor)
  }

  /** Others may have left the subscriber's teams too, of which the subscriber's own rights say nothing. */
  #isOutdated(): boolean {
    if (this.#buffer.length === 0) return false
    const { actor, services } = this.#context
    return sightOf(actor) !== this.#readFor || services.now() - this.#readAt >= lookIntervalMs
  }

  /** What waits is let go at once; the subscriber hears of it when it reads again. */
  #giveUp(): void {
    this.#buffer = []
    this.#failure = new SubscriberTooSlow(this.#takeWithinMs / 1000, this.#lastId)
    this.#unsubscribe()
  }

  #wake(): void {
    this.#isWoken = true
    this.#endRest()
  }

  #rest(): Promise<void> {
    if (this.#isWoken) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#hasMore ? unsettledIntervalMs : lookIntervalMs)
      this.#endRest = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #end(): void {
    this.#hasEnded = true
    this.#buffer = []
    clearTimeout(this.#takeTimer)
    this.#unsubscribe()
    this.#endRest()
  }
}

/** What a transaction of the actor sees, to be compared. */
function sightOf(actor: Actor): string {
  return JSON.stringify([visibleRowsOf(actor), actor.workspaceIds])
}
