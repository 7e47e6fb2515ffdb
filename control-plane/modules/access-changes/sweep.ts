import { systemActor } from '../../actor.ts'
import type { BackgroundWork } from '../../background/dependencies.ts'
import { startLoop } from '../../background/loop.ts'
import type { ServiceContext } from '../../service-context.ts'
import { recordAudit } from '../audit/index.ts'
import { AccessChangeEntity } from './entity.ts'
import { describeAccessChange } from './request.ts'

const pauseMs = 60_000

/** Ends changes that nobody decided in time, for as long as it runs: what was asked for may hold secrets, and goes. */
export function startAccessChangeSweep(context: ServiceContext): BackgroundWork {
  const { database, log } = context
  return startLoop({
    name: 'access changes',
    log,
    pauseMs,
    step: async () => {
      for (const organizationId of await database.organizationIds()) await sweep(context, organizationId)
    },
  })
}

/** Those of one organization. */
export function sweep({ database, now }: ServiceContext, organizationId: string): Promise<void> {
  const at = new Date(now())
  return database.transaction(organizationId, async (em) => {
    const where = { state: 'pending' as const, expiresAt: { $lte: at } }
    for (const change of await em.find(AccessChangeEntity, where, { limit: 100, orderBy: { id: 'asc' } })) {
      Object.assign(change, { state: 'expired', sealedRequest: null })
      const entry = describeAccessChange('access_change.expired', change)
      await recordAudit(em, systemActor(organizationId), { ...entry, outcome: 'denied' }, at)
    }
  })
}
