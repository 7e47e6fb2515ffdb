import { LockMode, raw } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { type Actor, systemActor } from '../../actor.ts'
import type { BackgroundDependencies, BackgroundWork } from '../../background/dependencies.ts'
import { startLoop } from '../../background/loop.ts'
import { recordChanges } from '../../change.ts'
import type { Database } from '../../db/database.ts'
import type { Clock } from '../../service-context.ts'
import { ModelEntity } from './entity.ts'
import { settleDue, takeDue } from './schedule.ts'
import { modelSnapshot } from './snapshot.ts'

const sweepIntervalMs = 5_000
/** Of one transaction, which is one revision. */
const mostSettledAtOnce = 500

/**
 * Moves prices whose time has come into the history of their models, for as long as it runs. It may be late: what a
 * call is charged, and what the API says of the present, follows from the clock alone.
 */
export function startPriceSweep({ database, log, now }: BackgroundDependencies): BackgroundWork {
  return startLoop({
    name: 'scheduled prices',
    log: log.child({ loop: 'scheduled prices' }),
    pauseMs: sweepIntervalMs,
    step: async () => {
      for (const organizationId of await database.organizationIds()) {
        let settled = mostSettledAtOnce
        while (settled === mostSettledAtOnce) settled = await settleDuePrices(database, organizationId, now())
      }
    },
  })
}

/**
 * Settles a batch of models. Those that a mutation or another control plane holds are left for the next time.
 *
 * @param now Milliseconds since the epoch.
 * @returns how many it settled.
 */
export function settleDuePrices(database: Database, organizationId: string, now: number): Promise<number> {
  return database.transaction(organizationId, async (em) => {
    const models = await em.find(
      ModelEntity,
      { [raw(`(scheduled_prices -> 0 ->> 'from')::bigint`)]: { $lte: now }, scheduledPrices: { $ne: [] } },
      { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE, limit: mostSettledAtOnce, orderBy: { id: 'asc' } },
    )
    const settled = await settleDue(em, organizationId, models, now)
    if (settled.length === 0) return 0
    const entries = settled.map(({ id, name }) => ({
      ...{ type: 'model.prices_took_effect', subject: { kind: 'model', id }, details: { name } },
    }))
    const upserts = settled.map(modelSnapshot)
    await recordChanges({ now: () => now }, em, systemActor(organizationId), entries, { upserts })
    return settled.length
  })
}

/** After a roll-back: prices that a restored schedule holds by now hold from now on, whenever that schedule meant them to. */
export async function settleRestored(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  modelIds: readonly string[],
): Promise<void> {
  const models = await em.find(ModelEntity, { id: { $in: [...modelIds] } }, { orderBy: { id: 'asc' } })
  const settled = models.filter((model) => takeDue(em, model, clock.now()).length > 0)
  if (settled.length > 0) await recordChanges(clock, em, actor, [], { upserts: settled.map(modelSnapshot) })
}
