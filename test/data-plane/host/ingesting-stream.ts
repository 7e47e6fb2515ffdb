import type { KeyObject } from 'node:crypto'
import { openBatch, sealConfirmation } from '../../../contract/event-batch.ts'
import type { SigningKey } from '../../../contract/signed.ts'
import type { EventProducer } from '../../../transport/event-stream.ts'

/** An event stream that can lose what it has, with a control plane behind it that takes in what it is told to. */
export class IngestingStream implements EventProducer {
  /** The database: attempts, each once, in the order of their first arrival. */
  readonly attempts = new Set<string>()
  readonly #dataPlaneKey: KeyObject
  readonly #signingKey: SigningKey
  readonly #entries = new Map<string, string>()
  readonly #arrived = new Map<string, Set<number>>()
  #confirmation: string | null = null
  #ids = 0
  isAway = false

  constructor(dataPlaneKey: KeyObject, signingKey: SigningKey) {
    this.#dataPlaneKey = dataPlaneKey
    this.#signingKey = signingKey
  }

  get length(): number {
    return this.#entries.size
  }

  async append(batch: Buffer | string): Promise<string> {
    this.#checkPresence()
    const id = `${++this.#ids}`
    this.#entries.set(id, batch.toString())
    return id
  }

  async holds(entryId: string): Promise<boolean> {
    this.#checkPresence()
    return this.#entries.has(entryId)
  }

  async confirmation(): Promise<string | null> {
    this.#checkPresence()
    return this.#confirmation
  }

  /** The store forgets everything, as a Redis without a disk does when it is started again. */
  loseEverything(): void {
    this.#entries.clear()
    this.#confirmation = null
  }

  /** The control plane's database is restored from a backup that is older than everything. */
  forgetIngested(): void {
    this.attempts.clear()
    this.#arrived.clear()
  }

  /** The control plane takes in what is there, and confirms it. */
  ingest(signingKey = this.#signingKey): void {
    for (const [id, text] of this.#entries) {
      const { batch } = openBatch(text, () => this.#dataPlaneKey)
      for (const event of batch.events) if ('attemptId' in event) this.attempts.add(event.attemptId)
      const { organizationId, dataPlaneId, incarnation } = batch
      const sequence = this.#contiguous(incarnation, batch.sequence)
      const confirmation = { format: 1 as const, organizationId, dataPlaneId, incarnation, sequence }
      this.#confirmation = sealConfirmation(confirmation, { keys: [signingKey], succession: [] })
      this.#entries.delete(id)
    }
  }

  #contiguous(incarnation: string, sequence: number): number {
    const arrived = this.#arrived.get(incarnation) ?? new Set()
    this.#arrived.set(incarnation, arrived.add(sequence))
    let contiguous = 0
    while (arrived.has(contiguous + 1)) contiguous++
    return contiguous
  }

  #checkPresence(): void {
    if (this.isAway) throw new Error('out of reach')
  }
}
