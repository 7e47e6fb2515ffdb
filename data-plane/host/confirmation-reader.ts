import { type EventConfirmation, openConfirmation } from '../../contract/event-batch.ts'
import type { KeyLookup } from '../../contract/signed.ts'
import type { HostLog } from './host-log.ts'

export interface ConfirmationReaderOptions {
  readonly organizationId: string
  readonly dataPlaneId: string
  /** Finds the control plane's pinned key. */
  readonly controlPlaneKeys: KeyLookup
  readonly log: HostLog
}

/** Reads which batches the control plane has taken in. The same text is opened once, however often it is found. */
export class ConfirmationReader {
  readonly #options: ConfirmationReaderOptions
  #text: string | undefined
  #confirmation: EventConfirmation | undefined

  constructor(options: ConfirmationReaderOptions) {
    this.#options = options
  }

  /**
   * Up to which batch of an incarnation it reaches, also when it has said so before: a batch whose storing was not answered
   * may be confirmed before its sender knows that it is stored. Undefined when it is not about them.
   */
  read(text: string, incarnation: string): number | undefined {
    if (text !== this.#text) {
      this.#text = text
      this.#confirmation = this.#open(text)
    }
    // What an earlier process sent is sent again by this one.
    return this.#confirmation?.incarnation === incarnation ? this.#confirmation.sequence : undefined
  }

  #open(text: string): EventConfirmation | undefined {
    const { organizationId, dataPlaneId, controlPlaneKeys, log } = this.#options
    try {
      const confirmation = openConfirmation(text, controlPlaneKeys)
      const isOurs =
        confirmation.organizationId === organizationId && confirmation.dataPlaneId === dataPlaneId
      return isOurs ? confirmation : undefined
    } catch (error) {
      log.error({ err: error }, 'a confirmation of events is not the control plane’s')
      return undefined
    }
  }
}
