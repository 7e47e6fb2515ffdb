import type { Delta, Snapshot } from '../../../contract/configuration/documents.ts'
import type { ConfigChannel } from '../../../transport/config-channel.ts'
import { TransportUnavailable } from '../../../transport/transport.ts'
import { type Authority, textOf } from './authority.ts'

/** A channel whose every document a test can set, damage, lose or withhold. */
export class TestChannel implements ConfigChannel {
  head: string | null = null
  snapshot: string | null = null
  deltas: string[] = []
  credentials: string | null = null
  down = false
  snapshotReads = 0
  #listeners = new Set<() => void>()

  /** All that the authority has to say, as a healthy store holds it. */
  publish(authority: Authority, options: { snapshot?: boolean } = {}): void {
    this.head = authority.head()
    this.deltas = authority.deltas.map(textOf)
    if (options.snapshot !== false) this.snapshot = textOf(authority.snapshot())
  }

  setSnapshot(snapshot: Snapshot): void {
    this.snapshot = textOf(snapshot)
  }

  setDeltas(deltas: readonly Delta[]): void {
    this.deltas = deltas.map(textOf)
  }

  hint(): void {
    for (const listener of this.#listeners) listener()
  }

  async readHead(): Promise<string | null> {
    return this.#answer(this.head)
  }

  async readSnapshot(): Promise<string | null> {
    this.snapshotReads += 1
    return this.#answer(this.snapshot)
  }

  async readDeltas(afterRevision: number): Promise<readonly string[]> {
    return this.#answer(
      this.deltas.filter((text) => {
        const revision = /"revision":(\d+)/.exec(text)?.[1]
        return revision === undefined || Number(revision) > afterRevision
      }),
    )
  }

  async readCredentials(): Promise<string | null> {
    return this.#answer(this.credentials)
  }

  async subscribe(onHint: () => void): Promise<() => Promise<void>> {
    this.#answer(undefined)
    this.#listeners.add(onHint)
    return async () => {
      this.#listeners.delete(onHint)
    }
  }

  #answer<T>(value: T): T {
    if (this.down) throw new TransportUnavailable('the store is away')
    return value
  }
}
