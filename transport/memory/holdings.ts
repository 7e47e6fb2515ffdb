import { type HoldingsReader, type HoldingsStore, holdingsMs } from '../holdings.ts'
import type { Bus } from './bus.ts'

/** What data planes said of their leases, for as long as Redis would keep it. */
export class MemoryHoldings {
  readonly #bus: Bus
  readonly #now: () => number
  readonly #said = new Map<string, { readonly document: string; readonly until: number }>()

  constructor(bus: Bus, now: () => number) {
    this.#bus = bus
    this.#now = now
  }

  store(organizationId: string, dataPlaneId: string): HoldingsStore {
    return {
      publish: (document) =>
        this.#bus.run(() => {
          this.#said.set(`${organizationId} ${dataPlaneId}`, { document, until: this.#now() + holdingsMs })
        }),
    }
  }

  reader(): HoldingsReader {
    return {
      read: (organizationId, dataPlaneIds) =>
        this.#bus.run(() =>
          dataPlaneIds.map((id) => {
            const said = this.#said.get(`${organizationId} ${id}`)
            return said && this.#now() < said.until ? said.document : null
          }),
        ),
    }
  }
}
