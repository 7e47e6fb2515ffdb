import { channels } from '../../contract/channels.ts'
import {
  type ConfigChannel,
  type ConfigPublication,
  type ConfigPublisher,
  keptDeltas,
} from '../config-channel.ts'
import type { Bus } from './bus.ts'

interface StoredConfiguration {
  head: string | null
  snapshot: string | null
  /** By revision, ascending. */
  readonly deltas: Map<number, string>
  readonly credentials: Map<string, string>
}

/** The configurations of all organizations of this process. */
export class MemoryConfigStore {
  readonly #configurations = new Map<string, StoredConfiguration>()
  readonly #bus: Bus

  constructor(bus: Bus) {
    this.#bus = bus
  }

  channel(organizationId: string): ConfigChannel {
    const bus = this.#bus
    const read = <T>(part: (configuration: StoredConfiguration) => T) =>
      bus.run(() => part(this.#of(organizationId)))
    return {
      readHead: () => read(({ head }) => head),
      readSnapshot: () => read(({ snapshot }) => snapshot),
      readDeltas: (afterRevision) =>
        read(({ deltas }) =>
          [...deltas].filter(([revision]) => revision > afterRevision).map(([, document]) => document),
        ),
      readCredentials: (dataPlaneId) => read(({ credentials }) => credentials.get(dataPlaneId) ?? null),
      async subscribe(onHint) {
        const unsubscribe = bus.subscribe(channels.configHints(organizationId), onHint)
        // Never from within the call: a listener that looks at once would subscribe again before it is subscribed.
        queueMicrotask(onHint)
        return unsubscribe
      },
    }
  }

  publisher(): ConfigPublisher {
    return {
      publish: (publication) => this.#bus.run(() => this.#publish(publication)),
      replaceSnapshot: (organizationId, snapshot) =>
        this.#bus.run(() => {
          this.#of(organizationId).snapshot = snapshot
        }),
      published: (organizationId) =>
        this.#bus.run(() => {
          const { head, snapshot } = this.#of(organizationId)
          return { head, hasSnapshot: snapshot !== null }
        }),
    }
  }

  #publish(publication: ConfigPublication): void {
    const { organizationId, head, snapshot, deltas, credentials, dropDeltas } = publication
    const configuration = this.#of(organizationId)
    if (dropDeltas) configuration.deltas.clear()
    if (snapshot !== undefined) configuration.snapshot = snapshot
    for (const { revision, document } of deltas) appendDelta(configuration.deltas, revision, document)
    for (const [dataPlaneId, document] of credentials ?? []) {
      if (document === null) configuration.credentials.delete(dataPlaneId)
      else configuration.credentials.set(dataPlaneId, document)
    }
    configuration.head = head
    this.#bus.publish(channels.configHints(organizationId), 'published')
  }

  #of(organizationId: string): StoredConfiguration {
    const known = this.#configurations.get(organizationId)
    if (known) return known
    const empty: StoredConfiguration = {
      head: null,
      snapshot: null,
      deltas: new Map(),
      credentials: new Map(),
    }
    this.#configurations.set(organizationId, empty)
    return empty
  }
}

/** A delta whose revision is not above the newest one is there already. */
function appendDelta(deltas: Map<number, string>, revision: number, document: string): void {
  const newest = [...deltas.keys()].at(-1) ?? 0
  if (revision <= newest) return
  deltas.set(revision, document)
  const [oldest] = deltas.keys()
  if (deltas.size > keptDeltas && oldest !== undefined) deltas.delete(oldest)
}
