import { randomUUID } from 'node:crypto'
import { sealBatch } from '../../contract/event-batch.ts'
import type { SigningKey } from '../../contract/signed.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import type { IntentStore } from '../../transport/intents.ts'
import { within } from '../deadline.ts'
import { GroupSync } from './group-sync.ts'
import type { HostLog } from './host-log.ts'

export interface RemoteIntentsOptions {
  readonly store: IntentStore
  readonly organizationId: string
  readonly dataPlaneId: string
  readonly signingKey: SigningKey
  readonly log: HostLog
}

/** Calls that were kept together: under one signature, in one round trip. */
interface Round {
  readonly name: string
  readonly body: string
  /** Calls that have not ended. */
  open: number
  /** The number of the last event that ends one of them. */
  lastEnd: number
}

const storeLimitMs = 2_000
/** The control plane takes a process for dead that is silent for many times as long. */
const beatMs = 2_000

/**
 * Keeps what is under way in the store between the planes, for a data plane whose disk may go with it: the control plane
 * closes as `unknown` what a process that is no more has left there. What has ended, and is in the event stream, is forgotten.
 */
export class RemoteIntents {
  readonly #options: RemoteIntentsOptions
  readonly #process = randomUUID()
  readonly #rounds = new Map<string, Round>()
  /** The rounds of calls that have not ended. */
  readonly #roundOf = new Map<string, Round>()
  #waiting: { readonly id: string; readonly json: string }[] = []
  readonly #group = new GroupSync(() => this.#update())
  #sequence = 0
  /** Events that are recorded, and those of them that are in the stream. */
  #recorded: number
  #stored = 0
  readonly #beat: NodeJS.Timeout

  /** @param recorded how many events wait in the journal already */
  constructor(options: RemoteIntentsOptions, recorded: number) {
    this.#options = options
    this.#recorded = recorded
    this.#beat = setInterval(() => this.#group.wait().catch(() => {}), beatMs).unref()
  }

  /**
   * Resolves once the store has it.
   *
   * @param unknownEnd JSON of the event that becomes true when nothing more is heard of the call
   * @throws Denied `audit_unavailable`
   */
  keep(id: string, unknownEnd: string): Promise<void> {
    this.#waiting.push({ id, json: unknownEnd })
    return this.#group.wait()
  }

  /** An event was recorded, and with it a call has ended when it is that of one. */
  recorded(id?: string): void {
    this.#recorded++
    const round = id === undefined ? undefined : this.#roundOf.get(id)
    if (id === undefined || !round) return
    this.#roundOf.delete(id)
    round.open--
    round.lastEnd = this.#recorded
  }

  /** So many more of the events, in their order, are in the stream. */
  stored(events: number): void {
    this.#stored += events
  }

  /** Forgets what has ended by now. */
  async close(): Promise<void> {
    clearInterval(this.#beat)
    await this.#group.wait().catch(() => {})
  }

  async #update(): Promise<void> {
    const { store, log } = this.#options
    const fresh = this.#begin()
    const ended = [...this.#rounds.values()].filter(
      ({ open, lastEnd }) => open === 0 && lastEnd <= this.#stored,
    )
    const names = ended.map(({ name }) => name)
    try {
      const held = await within(
        storeLimitMs,
        'the store of intents',
        store.update(this.#process, fresh, names),
      )
      for (const name of names) this.#rounds.delete(name)
      if (held !== this.#rounds.size) await this.#restore(held)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log.warn({ reason }, 'the intents of calls cannot be kept outside of this data plane')
      throw new Denied('audit_unavailable')
    }
  }

  /** Seals what waits; it counts as kept whatever becomes of the attempt, for that may have been heard. */
  #begin(): Round[] {
    if (this.#waiting.length === 0) return []
    const calls = this.#waiting
    this.#waiting = []
    const { organizationId, dataPlaneId, signingKey } = this.#options
    const sequence = ++this.#sequence
    const head = { format: 1 as const, organizationId, dataPlaneId, incarnation: this.#process, sequence }
    const events = Buffer.from(calls.map(({ json }) => json).join(','))
    const name = `${this.#process}/${sequence}`
    const body = sealBatch(head, events, signingKey, 'gatehouse/intents').toString()
    const round = { name, body, open: calls.length, lastEnd: 0 }
    this.#rounds.set(name, round)
    for (const { id } of calls) this.#roundOf.set(id, round)
    return [round]
  }

  /** The store has lost some of them, or has some that an earlier attempt did not know to have arrived. */
  async #restore(held: number): Promise<void> {
    const { store, log } = this.#options
    log.warn(
      { held, underWay: this.#rounds.size },
      'the store has lost intents of calls: they are kept again',
    )
    await within(
      storeLimitMs,
      'the store of intents',
      store.update(this.#process, [...this.#rounds.values()], []),
    )
  }
}
