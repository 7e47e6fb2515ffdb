import { type SlotRequest, type SlotStore, slotLeaseMs, slotsToGrant } from '../slot-store.ts'
import type { Bus } from './bus.ts'

interface Held {
  readonly slots: number
  readonly until: number
}

/** The slots of one limit by who holds them, as a plain model: what the Lua script does in Redis is held against this. */
export class SlotTable {
  readonly #held = new Map<string, Held>()

  hold(holder: string, request: SlotRequest, lease: number, now: number): number {
    let byOthers = 0
    for (const [other, { slots, until }] of this.#held) {
      if (until <= now) this.#held.delete(other)
      else if (other !== holder) byOthers += slots
    }
    const slots = slotsToGrant(request, byOthers)
    if (slots > 0) this.#held.set(holder, { slots, until: now + lease })
    else this.#held.delete(holder)
    return slots
  }

  get isEmpty(): boolean {
    return this.#held.size === 0
  }
}

/** The slots of all data planes of this process. */
export class MemorySlots {
  readonly #tables = new Map<string, SlotTable>()
  readonly #bus: Bus
  readonly #now: () => number
  #holders = 0

  constructor(bus: Bus, now: () => number) {
    this.#bus = bus
    this.#now = now
  }

  /** As one data plane holds them. */
  store(organizationId: string): SlotStore {
    const holder = `${++this.#holders}`
    return {
      hold: (requests) =>
        this.#bus.run(() => requests.map((request) => this.#hold(organizationId, holder, request))),
    }
  }

  #hold(organizationId: string, holder: string, request: SlotRequest): number {
    const name = `${organizationId}/${request.limitId}`
    const table = this.#tables.get(name) ?? new SlotTable()
    this.#tables.set(name, table)
    const slots = table.hold(holder, request, slotLeaseMs, this.#now())
    if (table.isEmpty) this.#tables.delete(name)
    return slots
  }
}
