import type { HeldIntents, IntentReader, IntentStore } from '../intents.ts'
import type { Bus } from './bus.ts'

interface Held {
  beats: number
  readonly intents: Map<string, HeldIntents>
}

/** What data planes have under way; as it dies with them, it proves nothing, but it behaves as Redis does. */
export class MemoryIntents {
  readonly #bus: Bus
  /** By data plane, then by process. */
  readonly #held = new Map<string, Map<string, Held>>()

  constructor(bus: Bus) {
    this.#bus = bus
  }

  store(organizationId: string, dataPlaneId: string): IntentStore {
    return {
      update: (process, kept, forgotten) =>
        this.#bus.run(() => {
          const processes = this.#of(organizationId, dataPlaneId)
          const held = processes.get(process) ?? { beats: 0, intents: new Map<string, HeldIntents>() }
          processes.set(process, held)
          held.beats++
          for (const intents of kept) held.intents.set(intents.name, intents)
          for (const name of forgotten) held.intents.delete(name)
          return held.intents.size
        }),
    }
  }

  reader(): IntentReader {
    return {
      beats: (organizationId, dataPlaneId) =>
        this.#bus.run(
          () =>
            new Map(
              Array.from(this.#of(organizationId, dataPlaneId), ([process, { beats }]) => [
                process,
                String(beats),
              ]),
            ),
        ),
      read: (organizationId, dataPlaneId, process) =>
        this.#bus.run(() => [
          ...(this.#of(organizationId, dataPlaneId).get(process)?.intents.values() ?? []),
        ]),
      forget: (organizationId, dataPlaneId, process) =>
        this.#bus.run(() => {
          this.#of(organizationId, dataPlaneId).delete(process)
        }),
    }
  }

  #of(organizationId: string, dataPlaneId: string): Map<string, Held> {
    const key = `${organizationId} ${dataPlaneId}`
    const processes = this.#held.get(key) ?? new Map<string, Held>()
    this.#held.set(key, processes)
    return processes
  }
}
