import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'vitest'
import { type EventBatch, openBatch, sealConfirmation } from '../../../contract/event-batch.ts'
import type { KeyLookup, SigningKey } from '../../../contract/signed.ts'
import type { EventProducer } from '../../../transport/event-stream.ts'

/**
 * What becomes of a batch. `taken`: the control plane takes it in and confirms it. `kept`: the stream keeps it.
 * `lost`: the stream has stored it and loses it. `unanswered`: kept, and the answer does not arrive. `refused`: not stored.
 */
export type Delivery = 'taken' | 'kept' | 'lost' | 'unanswered' | 'refused'

const dataPlane = generateKeyPairSync('ed25519')
const controlPlane = generateKeyPairSync('ed25519')
export const dataPlaneKey: SigningKey = { id: 'dp_1', privateKey: dataPlane.privateKey }
export const controlPlaneKeys: KeyLookup = () => controlPlane.publicKey

interface Received {
  readonly text: string
  readonly batch: EventBatch
  place: 'stream' | 'control plane' | 'nowhere'
}

/** A stream and the control plane behind it, for one process of a data plane. They do what a test says, one batch at a time. */
export class ScriptedStream implements EventProducer {
  /** In their order; the first is number 1. */
  readonly #received: Received[] = []
  readonly #onNewBatch: (batch: EventBatch) => void
  readonly #script: { readonly delivery: Delivery; done: boolean }[] = []
  #isDraining = false
  #isDead = false
  #proceed: () => void = () => {}
  #confirmed = 0

  /** @param onNewBatch is told of each batch when it comes for the first time */
  constructor(onNewBatch: (batch: EventBatch) => void) {
    this.#onNewBatch = onNewBatch
  }

  /** Events in the batches that are confirmed. */
  get confirmedEvents(): number {
    return this.#received.slice(0, this.#confirmed).reduce((sum, { batch }) => sum + batch.events.length, 0)
  }

  /** What the control plane has taken in. */
  get taken(): EventBatch[] {
    return this.#received.filter(({ place }) => place === 'control plane').map(({ batch }) => batch)
  }

  deliverNext(delivery: Delivery): { readonly done: boolean } {
    const order = { delivery, done: false }
    this.#script.push(order)
    this.#proceed()
    return order
  }

  /** From now on everything is taken in, what the stream has kept too. */
  startDraining(): void {
    this.#isDraining = true
    for (const received of this.#received) if (received.place === 'stream') received.place = 'control plane'
    this.#confirm()
    this.#proceed()
  }

  stopDraining(): void {
    this.#isDraining = false
  }

  /** Nothing comes of this process's batches any more. */
  die(): void {
    this.#isDead = true
    this.#proceed()
  }

  async append(sealed: Buffer | string): Promise<string> {
    const { batch, received } = this.#receive(sealed.toString())
    const delivery = await this.#nextDelivery()
    if (delivery === 'refused') throw new Error('out of reach')
    const place = { taken: 'control plane', kept: 'stream', unanswered: 'stream', lost: 'nowhere' } as const
    if (received.place !== 'control plane') received.place = place[delivery]
    this.#confirm()
    if (delivery === 'unanswered') throw new Error('the answer is lost')
    return String(batch.sequence)
  }

  async holds(entryId: string): Promise<boolean> {
    return this.#received[Number(entryId) - 1]?.place === 'stream'
  }

  async confirmation(): Promise<string | null> {
    const [first] = this.#received
    if (!first || this.#confirmed === 0) return null
    const { organizationId, dataPlaneId, incarnation } = first.batch
    const confirmation = {
      format: 1 as const,
      organizationId,
      dataPlaneId,
      incarnation,
      sequence: this.#confirmed,
    }
    return sealConfirmation(confirmation, {
      keys: [{ id: 'control-plane', privateKey: controlPlane.privateKey }],
      succession: [],
    })
  }

  /** A batch that comes again has to be the same word for word. */
  #receive(text: string): { batch: EventBatch; received: Received } {
    const { batch } = openBatch(text, () => dataPlane.publicKey)
    const known = this.#received[batch.sequence - 1]
    if (known) {
      expect(text).toBe(known.text)
      return { batch, received: known }
    }
    expect(batch.sequence).toBe(this.#received.length + 1)
    const received: Received = { text, batch, place: 'nowhere' }
    this.#received.push(received)
    this.#onNewBatch(batch)
    return { batch, received }
  }

  async #nextDelivery(): Promise<Delivery> {
    while (!this.#isDead) {
      const order = this.#script.shift()
      if (order) order.done = true
      const delivery = order?.delivery ?? (this.#isDraining ? 'taken' : undefined)
      if (delivery) return delivery
      await new Promise<void>((resolve) => {
        this.#proceed = resolve
      })
    }
    return 'refused'
  }

  /** As far as there is no gap. */
  #confirm(): void {
    while (this.#received[this.#confirmed]?.place === 'control plane') this.#confirmed++
  }
}
