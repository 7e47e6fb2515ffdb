import type { ConfigurationBundle } from '../../contract/configuration/bundle.ts'
import { compareVersions, headRenewalMs } from '../../contract/configuration/documents.ts'
import type { ConfigChannel } from '../../transport/config-channel.ts'
import { ControlPlanePolls, type PollsOptions } from './control-plane-polls.ts'
import { type HeadStatement, isNews, statementOf } from './head-statement.ts'

export interface TwoWayOptions extends Omit<PollsOptions, 'onAnswer'> {
  readonly store: ConfigChannel
  /** Milliseconds on a clock that never goes back. */
  readonly elapsedMs?: () => number
}

/** The publisher looks once a second whether a head is due; two seconds more than that is silence. */
const silenceLimitMs = headRenewalMs + 1_000 + 2_000

interface Look {
  readonly envelope?: string | null
  /** Of an authentic head. */
  readonly statement?: HeadStatement | undefined
  readonly error?: unknown
}

/** Where the documents behind the latest head are read. */
type Way = Pick<ConfigChannel, 'readSnapshot' | 'readDeltas' | 'readCredentials'>

/**
 * The configuration out of the store between the planes, or from the control plane itself while the store is away,
 * does not answer, or shows no newer head although it must: then it is frozen or was rolled back. What comes on the
 * second way is no more trusted than what comes on the first. While the store is well nobody is polled.
 */
export class TwoWayChannel implements ConfigChannel {
  readonly #options: TwoWayOptions
  readonly #polls: ControlPlanePolls
  readonly #elapsedMs: () => number
  readonly #listeners = new Set<() => void>()
  #way: Way
  /** The newest that the store has shown, and when. */
  #shown: HeadStatement | undefined
  #shownAtMs: number
  #endLook: () => void = () => undefined

  constructor(options: TwoWayOptions) {
    this.#options = options
    this.#elapsedMs = options.elapsedMs ?? (() => performance.now())
    this.#polls = new ControlPlanePolls({ ...options, onAnswer: () => this.#answered() })
    this.#way = options.store
    this.#shownAtMs = this.#elapsedMs()
  }

  async readHead(): Promise<string | null> {
    const arrived = this.#polls.takeArrived()
    if (arrived) return this.#takeWayOf(arrived)
    const look = await this.#lookUnlessAnswered()
    const bundle = this.#polls.takeArrived() ?? this.#polls.bundle
    if (bundle && !this.#saysMore(look?.statement, bundle)) return this.#takeWayOf(bundle)
    if (look?.error !== undefined) throw look.error
    this.#way = this.#options.store
    return look?.envelope ?? null
  }

  readSnapshot(): Promise<string | null> {
    return this.#way.readSnapshot()
  }

  readDeltas(afterRevision: number): Promise<readonly string[]> {
    return this.#way.readDeltas(afterRevision)
  }

  readCredentials(dataPlaneId: string): Promise<string | null> {
    return this.#way.readCredentials(dataPlaneId)
  }

  async subscribe(onHint: () => void): Promise<() => Promise<void>> {
    const unsubscribe = await this.#options.store.subscribe(onHint)
    this.#listeners.add(onHint)
    return async () => {
      this.#listeners.delete(onHint)
      await unsubscribe()
    }
  }

  /** What this data plane says of itself has changed: somebody may be waiting to hear it. */
  standingChanged(): void {
    this.#polls.wake()
  }

  close(): void {
    this.#polls.close()
  }

  /** A store that does not answer takes its time to say so; an answer of the control plane need not wait for that. */
  #lookUnlessAnswered(): Promise<Look | undefined> {
    return new Promise((resolve) => {
      this.#endLook = () => resolve(undefined)
      void this.#look().then(resolve)
    })
  }

  /** Looks at the store, and judges by what it shows whether the control plane is to be asked. */
  async #look(): Promise<Look> {
    const { store, trust } = this.#options
    let envelope: string | null
    try {
      envelope = await store.readHead()
    } catch (error) {
      this.#polls.start()
      return { error }
    }
    const statement = envelope === null ? undefined : statementOf(envelope, trust)
    if (statement && isNews(statement, this.#shown)) {
      this.#shown = statement
      this.#shownAtMs = this.#elapsedMs()
      const polled = this.#polls.bundle && statementOf(this.#polls.bundle.head, trust)
      if (!polled || compareVersions(statement, polled) >= 0) this.#polls.stop()
    } else if (this.#elapsedMs() - this.#shownAtMs > silenceLimitMs) this.#polls.start()
    return { envelope, statement }
  }

  #saysMore(statement: HeadStatement | undefined, bundle: ConfigurationBundle): boolean {
    return statement !== undefined && isNews(statement, statementOf(bundle.head, this.#options.trust))
  }

  #takeWayOf(bundle: ConfigurationBundle): string {
    const polls = this.#polls
    this.#way = {
      async readSnapshot() {
        if (bundle.snapshot === null) polls.demandSnapshot()
        return bundle.snapshot
      },
      readDeltas: async () => bundle.deltas,
      async readCredentials() {
        if (bundle.credentials === null) polls.demandCredentials()
        return bundle.credentials
      },
    }
    return bundle.head
  }

  #answered(): void {
    this.#endLook()
    for (const listener of this.#listeners) listener()
  }
}
