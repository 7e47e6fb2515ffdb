import type { KeyObject } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/postgresql'
import { openBatch } from '../../contract/event-batch.ts'
import { SignatureRefused } from '../../contract/signed.ts'
import { ContractViolation } from '../../contract/validation.ts'
import type { HeldIntents } from '../../transport/intents.ts'
import type { BackgroundDependencies, BackgroundWork } from '../background/dependencies.ts'
import { startLoop } from '../background/loop.ts'
import { readSigningKeys } from '../modules/data-planes/index.ts'
import { type ReportedCall, recordCalls, settleLeases } from './ingest-entries.ts'

const lookEveryMs = 5_000
/** Thirty times as long as a process that is alive is silent. */
const deadAfterMs = 60_000

interface Sighting {
  readonly beat: string
  readonly since: number
}

/**
 * Closes as `unknown` what data planes left under way that are no more and kept their intents in the store. A process is dead
 * when it has not been heard of for a minute under this one's own eyes: whatever was away meanwhile kills nobody.
 */
export function startClosingUnknownEnds(
  deps: BackgroundDependencies,
  limits: { readonly deadAfterMs?: number; readonly lookEveryMs?: number } = {},
): BackgroundWork {
  const watch = new UnknownEnds(
    { ...deps, log: deps.log.child({ loop: 'unknown-ends' }) },
    limits.deadAfterMs,
  )
  return startLoop({
    name: 'unknown-ends',
    log: deps.log,
    pauseMs: limits.lookEveryMs ?? lookEveryMs,
    step: () => watch.step(),
  })
}

class UnknownEnds {
  readonly #deps: BackgroundDependencies
  readonly #deadAfterMs: number
  /** By organization, data plane and process. */
  #sightings = new Map<string, Sighting>()

  constructor(deps: BackgroundDependencies, limitMs = deadAfterMs) {
    this.#deps = deps
    this.#deadAfterMs = limitMs
  }

  async step(): Promise<void> {
    const { database, transport } = this.#deps
    const before = this.#sightings
    this.#sightings = new Map()
    for (const organizationId of await database.organizationIds()) {
      for (const dataPlaneId of await this.#dataPlaneIds(organizationId)) {
        const beats = await transport.intents.beats(organizationId, dataPlaneId)
        for (const [process, beat] of beats) {
          const key = `${organizationId} ${dataPlaneId} ${process}`
          const known = before.get(key)
          const sighting = known?.beat === beat ? known : { beat, since: performance.now() }
          this.#sightings.set(key, sighting)
          const silentMs = performance.now() - sighting.since
          if (silentMs < this.#deadAfterMs) continue
          // What it sent before it died tells how its calls ended, and has to be taken in first.
          const { oldestAgeMs } = await transport.events.backlog([organizationId])
          if (oldestAgeMs < silentMs) await this.#close(organizationId, dataPlaneId, process)
        }
      }
    }
  }

  async #dataPlaneIds(organizationId: string): Promise<readonly string[]> {
    const rows = await this.#deps.database.transaction(organizationId, (em) =>
      em.execute<{ id: string }[]>('select id from data_planes where org_id = ?', [organizationId]),
    )
    return rows.map(({ id }) => id)
  }

  async #close(organizationId: string, dataPlaneId: string, process: string): Promise<void> {
    const { database, transport, log, now } = this.#deps
    const held = await transport.intents.read(organizationId, dataPlaneId, process)
    const closed = await database.transaction(organizationId, async (em) => {
      const keys = await readSigningKeys(em, organizationId)
      const calls = held.flatMap((intents) => this.#callsOf(dataPlaneId, intents, keys))
      return recordUnknownEnds(em, organizationId, calls, now())
    })
    await transport.intents.forget(organizationId, dataPlaneId, process)
    log.warn({ organizationId, dataPlaneId, closed }, 'a data plane is no more: its open calls are unknown')
  }

  #callsOf(
    dataPlaneId: string,
    { name, body }: HeldIntents,
    keys: ReadonlyMap<string, KeyObject>,
  ): readonly ReportedCall[] {
    try {
      const { batch, keyId } = openBatch(body, (id) => keys.get(id), 'gatehouse/intents')
      if (keyId !== dataPlaneId || batch.dataPlaneId !== dataPlaneId) {
        throw new SignatureRefused(`signed by ${keyId} for ${batch.dataPlaneId}`)
      }
      return batch.events.flatMap((call) =>
        call.type === 'call.finished' && call.outcome === 'unknown' ? { dataPlaneId, call } : [],
      )
    } catch (error) {
      if (!(error instanceof SignatureRefused || error instanceof ContractViolation)) throw error
      this.#deps.log.error({ dataPlaneId, name, reason: error.message }, 'refused intents of a data plane')
      return []
    }
  }
}

/** @returns how many of the calls had no other end. */
async function recordUnknownEnds(
  em: EntityManager,
  organizationId: string,
  calls: readonly ReportedCall[],
  now: number,
): Promise<number> {
  const fresh = await recordCalls(em, organizationId, calls)
  await settleLeases(em, organizationId, { batches: [], sources: [], calls: fresh, now })
  return fresh.length
}
